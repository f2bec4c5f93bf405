"""Where the time of a call went: durations that add up to the whole, each by one clock; no I/O."""

import msgspec

from shared.gateway.messages import Up


class Phases(msgspec.Struct, frozen=True, kw_only=True):
    """In ms; null is not known and counts as 0. `queue`, `load`, `prefill` and `decode` are the
    device's, the others the gateway's; `network` is what the gateway's time from asking to the last
    word has more than the device's.
    """

    gateway_ms: float
    queue_ms: float | None
    load_ms: float | None
    prefill_ms: float | None
    decode_ms: float | None
    network_ms: float
    finish_ms: float
    total_ms: float


class Marks(msgspec.Struct):
    """Moments of a call. `arrived`, `asked`, `first_heard` (of text), `heard` (of the end) and
    `finished` are seconds of the gateway's clock, the others ms of the device's since the ask came
    there.
    """

    arrived: float
    asked: float = 0.0
    first_heard: float | None = None
    heard: float = 0.0
    finished: float = 0.0
    began_ms: float | None = None
    first_ms: float | None = None
    last_ms: float | None = None
    load_ms: float | None = None

    def note(self, frame: Up, now: float) -> None:
        """Read the moments off a frame that is heard now."""
        if frame.k == "started":
            self.began_ms, self.first_ms = frame.t, None
        elif frame.k == "chunks" and self.first_ms is None and frame.c:
            # What came before the first text waited for it.
            self.first_ms, self.first_heard = frame.c[-1][0], now
        elif frame.k in ("done", "failed", "cancelled"):
            self.last_ms, self.load_ms = frame.t, frame.load_ms


def phases_of(marks: Marks) -> Phases:
    """The durations, rounded such that they add up exactly as they are shown."""
    began, first, last = marks.began_ms, marks.first_ms, marks.last_ms
    until_text = None if began is None else _less(last if first is None else first, began)
    load = marks.load_ms
    if load is not None:
        load = None if until_text is None or load < 0 else min(load, until_text)
    parts = {
        "gateway_ms": round((marks.asked - marks.arrived) * 1000, 3),
        "queue_ms": _rounded(began),
        "load_ms": _rounded(load),
        "prefill_ms": None if until_text is None else round(until_text - (load or 0.0), 3),
        "decode_ms": None if first is None else _rounded(_less(last, first)),
        "network_ms": round((marks.heard - marks.asked) * 1000 - (last or 0.0), 3),
        "finish_ms": round((marks.finished - marks.heard) * 1000, 3),
    }
    total = round(sum(value for value in parts.values() if value is not None), 3)
    return msgspec.convert({**parts, "total_ms": total}, Phases)


def _less(later: float | None, earlier: float) -> float | None:
    return None if later is None else max(0.0, later - earlier)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
