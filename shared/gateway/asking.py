"""One ask from its first candidate to its end: what to send, what to pass on, when to stop; no I/O.

Its driver gives it what comes (`hear`), lets it look at the clock a few times a second
(`tick`), and carries out the steps that it answers with, in order. Times are seconds of one
monotonic clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from shared.gateway.conversation import Conversation
from shared.gateway.messages import Up, order

MOST_TRIES: Final = 3
_KEEP_EVERY_S: Final = 5.0
# A cancelled device says what it delivered; that is not waited for longer.
_LAST_WORDS_WITHIN_S: Final = 3.0
# A model's server that refuses the request would refuse it anywhere.
INCURABLE: Final = frozenset({"invalid_argument", "unsupported"})


@dataclass(frozen=True)
class Send:
    """A message for a device. `attempt` names the try; an `ask` is completed by the driver.
    `unheard`: because the device says nothing, so that others should go first for a while.
    """

    serial: str
    kind: str
    attempt: int
    more: dict[str, int] = field(default_factory=dict)
    unheard: bool = False

    def message(self, ask_id: str) -> dict[str, Any]:
        """The message, of any kind but `ask`."""
        return order(self.kind, ask_id, self.attempt, **self.more)


@dataclass(frozen=True)
class Heard:
    """A frame that the client may learn of, in turn: `accepted`, `queued`, `started`, `chunks`,
    `alive`.
    """

    serial: str
    frame: Up


@dataclass(frozen=True)
class Ended:
    """The end. `how`: `done`, `cancelled`, `failed`, `timeout`, `wait_exceeded`, `queue_full`,
    `refused`, `lost`. `frame` is the device's last word, if it had one. `serial` is the device that
    began to work on it; None where none did.
    """

    how: str
    serial: str | None = None
    frame: Up | None = None
    ahead: int | None = None
    retry_after_s: int | None = None
    spoken: bool = False


Step: TypeAlias = Send | Heard | Ended


class Asking:
    """`waits_until` is the moment by which a device must have begun; `timeout_s` counts from there,
    for each device that begins. All of it is over at `ends_by`.

    Candidates are serials, the best first.
    """

    def __init__(
        self,
        ask_id: str,
        candidates: Sequence[str],
        *,
        waits_until: float,
        timeout_s: float,
        ends_by: float,
        now: float,
    ) -> None:
        self._ask_id = ask_id
        self._candidates = list(candidates)
        self._waits_until, self._timeout_s, self._ends_by = waits_until, timeout_s, ends_by
        self._waits_s = waits_until - now
        self._talk = Conversation(ask_id, 0, now)
        self._serial = ""
        self._kept_at = now
        self._begun_at: float | None = None
        self._worked: str | None = None
        self._cancelled_at: float | None = None
        self._refusals: list[Up] = []
        self._ahead: int | None = None
        self._tries_that_worked = 0
        self.is_over = False

    @property
    def serial(self) -> str:
        """The device that is asked now."""
        return self._serial

    def begin(self, now: float) -> Iterator[Step]:
        """Ask the first candidate."""
        yield from self._next(now)

    def hear(self, serial: str, frame: Up, now: float) -> Iterator[Step]:
        """What follows from a frame that came on a device's topic."""
        if self.is_over or serial != self._serial:
            return
        for turn in self._talk.hear(frame, now):
            yield from self._take(turn, now)

    def leave(self, serial: str, now: float) -> None:
        """The broker says that a device is gone, which may come late or not be so."""
        if serial == self._serial:
            self._talk.leave(now)

    def tick(self, now: float) -> Iterator[Step]:
        """What follows from the time."""
        if self.is_over:
            return
        if self._cancelled_at is not None:
            if now - self._cancelled_at >= _LAST_WORDS_WITHIN_S:
                yield self._end("cancelled")
            return
        yield from self._check_limits(now)
        if self.is_over:
            return
        if self._talk.is_unanswered(now, is_last=not self._candidates):
            yield replace(self._send("cancel"), unheard=True)
            yield from self._next(now)
        elif self._talk.is_silent(now):
            yield from self._lost(now)
        else:
            yield from self._tend(now)

    def cancel(self, now: float) -> Iterator[Step]:
        """The client does not want it any more; a device that works says what it delivered."""
        if self.is_over or self._cancelled_at is not None:
            return
        self._cancelled_at = now
        yield self._send("cancel")
        if not self._talk.started:
            yield self._end("cancelled")

    # ------------------------------------------------------------------------------ one frame

    def _take(self, frame: Up, now: float) -> Iterator[Step]:
        if frame.k in ("accepted", "queued"):
            self._ahead = frame.ahead
        elif frame.k == "started":
            self._begun_at, self._worked = now, self._serial
            self._tries_that_worked += 1
        if frame.k in ("accepted", "queued", "started", "chunks", "alive"):
            yield Heard(self._serial, frame)
        elif frame.k == "refused":
            self._refusals.append(frame)
            yield from self._next(now)
        elif frame.k == "failed":
            yield from self._failed(frame, now)
        elif frame.k in ("done", "cancelled"):
            yield self._send("end")
            yield self._end(frame.k, frame)

    def _failed(self, frame: Up, now: float) -> Iterator[Step]:
        """Before the first text another device may do better, unless none could."""
        yield self._send("end")
        curable = frame.retryable and frame.code not in INCURABLE
        if self._talk.spoken or not curable or not self._may_try_again:
            yield self._end("failed", frame)
        else:
            yield from self._next(now)

    # ------------------------------------------------------------------------------- the clock

    def _check_limits(self, now: float) -> Iterator[Step]:
        if self._begun_at is None or not self._talk.started:
            if now >= min(self._waits_until, self._ends_by):
                yield self._send("cancel")
                yield self._end("wait_exceeded")
        elif now >= min(self._begun_at + self._timeout_s, self._ends_by):
            yield self._send("cancel")
            yield self._end("timeout")

    def _tend(self, now: float) -> Iterator[Step]:
        missing = self._talk.missing(now)
        if missing is not None:
            yield self._send("again", {"from": missing})
        if now - self._kept_at >= _KEEP_EVERY_S:
            self._kept_at = now
            yield self._send("keep")

    def _lost(self, now: float) -> Iterator[Step]:
        yield replace(self._send("cancel"), unheard=True)
        if self._talk.spoken or not self._may_try_again:
            yield self._end("lost")
        else:
            yield from self._next(now)

    # --------------------------------------------------------------------------- one candidate

    @property
    def _may_try_again(self) -> bool:
        return bool(self._candidates) and self._tries_that_worked < MOST_TRIES

    def _next(self, now: float) -> Iterator[Step]:
        if not self._candidates:
            yield self._unserved()
            return
        if self._talk.started:
            self._waits_until = now + self._waits_s
        self._serial = self._candidates.pop(0)
        self._talk = Conversation(self._ask_id, self._talk.attempt + 1, now)
        self._kept_at, self._ahead = now, None
        yield self._send("ask")

    def _unserved(self) -> Ended:
        """No candidate is left. One that began and failed unseen is a failure; the rest are
        refusals, of which a full queue is the kindest to the caller.
        """
        if self._worked is not None:
            return self._end("lost")
        full = [each for each in self._refusals if each.reason == "full"]
        best = min(full, key=lambda each: each.ahead or 0, default=None)
        if best is not None:
            return self._end("queue_full", best, best.ahead)
        return self._end("refused", self._refusals[-1] if self._refusals else None)

    def _send(self, kind: str, more: dict[str, int] | None = None) -> Send:
        return Send(self._serial, kind, self._talk.attempt, more or {})

    def _end(self, how: str, frame: Up | None = None, ahead: int | None = None) -> Ended:
        self.is_over = True
        return Ended(
            how,
            serial=self._worked,
            frame=frame,
            ahead=self._ahead if ahead is None else ahead,
            retry_after_s=None if frame is None else frame.retry_after_s,
            spoken=self._talk.spoken,
        )
