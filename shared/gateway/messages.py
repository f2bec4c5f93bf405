"""What gateway and device say to each other, as JSON on the broker's topics (docs/gateway.md).

Down, on the device's own topic: `ask`, `keep`, `cancel`, `end`, `again`. Up, on a topic that names
device and gateway: numbered frames of one try of one ask.
"""

import hashlib
from typing import Annotated, Any, Final

import msgspec

# AWS IoT takes 128 KB; the rest is room for the envelope.
MAX_MESSAGE_BYTES: Final = 100 * 1024
FLUSH_MS: Final = 50
_VERSION: Final = 1


# No call lasts a day; a clock that says so, or goes back, is none.
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]


class Up(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a device. `n` counts the frames of the try from 1; `t` is in ms since the ask
    came, by the device's monotonic clock.
    """

    id: str
    attempt: int = msgspec.field(name="try")
    n: int
    t: Milliseconds
    k: str
    ahead: int | None = None
    reason: str | None = None
    retry_after_s: int | None = None
    c: list[tuple[Milliseconds, dict[str, Any]]] = []
    code: str | None = None
    message: str | None = None
    retryable: bool = False
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    metrics: dict[str, float | None] | None = None
    load_ms: float | None = None
    # Judged where they are kept: a frame with odd ones is a frame all the same.
    conditions: Any = None


def read_up(payload: bytes) -> Up | None:
    """None for what is no frame, or too large to be one."""
    if len(payload) > MAX_MESSAGE_BYTES:
        return None
    try:
        return _FRAMES.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def ask_message(
    ask_id: str, attempt: int, *, reply: str, user_id: str, content: dict[str, Any]
) -> dict[str, Any]:
    """The message that asks. `content` has `kind`, `model` and `body` or `body_url`; the user is
    known by a digest, not by name.
    """
    who = hashlib.sha256(user_id.encode()).hexdigest()[:16]
    return {
        "v": _VERSION,
        **order("ask", ask_id, attempt),
        "reply": reply,
        "user": who,
        "flush_ms": FLUSH_MS,
        **content,
    }


def order(kind: str, ask_id: str, attempt: int, **more: int) -> dict[str, Any]:
    """A message about a try that was asked before: `keep`, `cancel`, `end`, `again`."""
    return {"k": kind, "id": ask_id, "try": attempt, **more}


def encoded(message: dict[str, Any]) -> bytes:
    """A message as it travels."""
    return _ENCODER.encode(message)


_FRAMES: Final = msgspec.json.Decoder(Up)
_ENCODER: Final = msgspec.json.Encoder()
