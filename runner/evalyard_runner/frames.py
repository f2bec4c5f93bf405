"""The frames of one try of one call, on their way to the gateway that asked; no I/O.

They are numbered and kept, so that the gateway can ask for lost ones again. Text leaves at once
when it is the first, and later at most once per `flush_ms`, by a timer.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

# The broker takes 128 KB; the gateway reads no more than this.
MAX_FRAME_BYTES: Final = 100 * 1024
_ROOM_FOR_THE_REST: Final = 1_024

Chunk = list[Any]


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
    _held: list[Chunk] = field(default_factory=list)
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
        """A piece of the answer, as the model's server said it. What comes before the first text
        waits for it.
        """
        self._held.append([self.now_ms, choice])
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
        for chunks in _split(held):
            self._add("chunks", chunks[-1][0], {"c": chunks})

    def again(self, first: int) -> None:
        """Send the frames from a number on once more."""
        for frame in self._kept[max(0, first - 1) :]:
            self.send(frame)

    def _add(self, kind: str, at_ms: float, fields: dict[str, Any]) -> None:
        number = len(self._kept) + 1
        head = {"v": 1, "id": self.call_id, "try": self.attempt, "n": number, "t": at_ms, "k": kind}
        frame = _bytes(head | fields)
        self._kept.append(frame)
        self.send(frame)


def has_text(choice: dict[str, Any]) -> bool:
    """Whether a piece says something, be it a thought or a call of a tool."""
    delta = choice.get("delta") or {}
    return any(value for name, value in delta.items() if name != "role")


def _split(held: list[Chunk]) -> list[list[Chunk]]:
    """In frames that the broker takes."""
    found: list[list[Chunk]] = []
    room = 0
    for chunk in held:
        size = len(_bytes(chunk)) + 1
        if not found or size > room:
            found.append([])
            room = MAX_FRAME_BYTES - _ROOM_FOR_THE_REST
        found[-1].append(chunk)
        room -= size
    return found


def _bytes(value: Any) -> bytes:
    """Half a surrogate pair, from whatever source, becomes a `?`."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="replace")
