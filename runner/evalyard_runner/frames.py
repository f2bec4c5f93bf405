"""The frames of one try of one call, on their way to the gateway that asked; no I/O.

They are numbered and kept, so that the gateway can ask for lost ones again. Text leaves at once
when it is the first, and later at most once per `flush_ms`, by a timer.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from time import monotonic
from typing import Any, Final

from evalyard_runner.pieces import halves_of

# The broker takes 128 KB; the gateway reads no more than this.
MAX_FRAME_BYTES: Final = 100 * 1024
_ROOM: Final = MAX_FRAME_BYTES - 1_024


@dataclass
class Frames:
    """`send` is given each frame's bytes, in order."""

    call_id: str
    attempt: int
    flush_s: float
    send: Callable[[bytes], None]
    clock: Callable[[], float] = monotonic
    pieces: int = 0
    _kept: list[bytes] = field(default_factory=list)
    # When each piece came, and its bytes with that.
    _held: list[tuple[float, bytes]] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _came_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._came_at = self.clock()

    @property
    def now_ms(self) -> float:
        """Since the call came."""
        return round((self.clock() - self._came_at) * 1000, 3)

    def say(self, kind: str, **fields: Any) -> None:
        """One frame; what text is held goes before it."""
        self.flush()
        known = {name: value for name, value in fields.items() if value is not None}
        self._add(kind, self.now_ms, known)

    def piece(self, choice: dict[str, Any]) -> None:
        """A piece of the answer, as the model's server said it; one that no frame can carry in
        parts. What comes before the first text waits for it. Raises ValueError for one that cannot
        be cut.
        """
        now_ms = self.now_ms
        self._held += [(now_ms, part) for part in _encoded(now_ms, choice)]
        if has_text(choice):
            self.pieces += 1
            if self.pieces == 1:
                self.flush()
                return
        if self.pieces and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.flush_s, self.flush)

    def flush(self) -> None:
        """Let go of the text that is held."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        held, self._held = self._held, []
        for at_ms, chunks in _together(held):
            self._add("chunks", at_ms, {}, b',"c":[%b]' % b",".join(chunks))

    def again(self, first: int) -> None:
        """Send the frames from a number on once more."""
        for frame in self._kept[max(0, first - 1) :]:
            self.send(frame)

    def _add(self, kind: str, at_ms: float, fields: dict[str, Any], chunks: bytes = b"") -> None:
        number = len(self._kept) + 1
        head = {"v": 1, "id": self.call_id, "try": self.attempt, "n": number, "t": at_ms, "k": kind}
        frame = _bytes(head | fields)[:-1] + chunks + b"}"
        self._kept.append(frame)
        self.send(frame)


def has_text(choice: dict[str, Any]) -> bool:
    """Whether a piece says something, be it a thought or a call of a tool."""
    delta = choice.get("delta") or {}
    return any(value for name, value in delta.items() if name != "role")


def _encoded(at_ms: float, choice: dict[str, Any]) -> list[bytes]:
    """A piece, or parts of it that each fit a frame, with when it came. Raises ValueError."""
    whole = _bytes([at_ms, choice])
    if len(whole) < _ROOM:
        return [whole]
    return [part for half in halves_of(choice) for part in _encoded(at_ms, half)]


def _together(held: list[tuple[float, bytes]]) -> list[tuple[float, list[bytes]]]:
    """In frames that the broker takes, each with the time of its last piece."""
    found: list[tuple[float, list[bytes]]] = []
    chunks: list[bytes] = []
    room = 0
    for at_ms, chunk in held:
        if len(chunk) > room:
            chunks, room = [], _ROOM
            found.append((at_ms, chunks))
        chunks.append(chunk)
        room -= len(chunk) + 1
        found[-1] = (at_ms, chunks)
    return found


def _bytes(value: Any) -> bytes:
    """Half a surrogate pair, from whatever source, becomes a `?`; a number that JSON does not know,
    as some servers' logarithm of no probability, becomes null.
    """
    try:
        text = _json(value)
    except ValueError:
        text = _json(_finite(value))
    return text.encode(errors="replace")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value
