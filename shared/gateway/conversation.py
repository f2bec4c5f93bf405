"""One try of an ask at one device: its frames brought into order, its silences noticed; no I/O.

Frames may be lost, doubled, late, out of order, or of another try: by their numbers each counts
once, in its turn. Times are seconds of the gateway's monotonic clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from shared.gateway.messages import Up

ACCEPTED_WITHIN_S: Final = 1.5
# Where no other device is left, a busy one may take its time.
LAST_ACCEPTED_WITHIN_S: Final = 5.0
SILENT_BEFORE_TEXT_S: Final = 6.0
SILENT_AFTER_TEXT_S: Final = 10.0
# A device that lives says something every two seconds, also by a connection of which the broker has
# just said that it is gone: one that has another is heard of again.
LEFT_BEFORE_TEXT_S: Final = 2.5
GAP_S: Final = 0.25
# A device says something every two seconds; after three its frames may have been lost.
_QUIET_S: Final = 3.0
_ASKS_AGAIN_EVERY_S: Final = 1.0
# A frame that far ahead is none of this try's.
_MOST_AHEAD: Final = 10_000
_LAST_WORDS: Final = frozenset({"refused", "failed", "cancelled", "done"})


@dataclass
class Conversation:
    """What was heard so far, and when."""

    ask_id: str
    attempt: int
    begun_at: float
    answered: bool = False
    started: bool = False
    spoken: bool = False
    over: bool = False
    next_n: int = 1
    _heard_at: float = field(init=False)
    _left_at: float | None = None
    _gap_since: float | None = None
    _asked_at: float = float("-inf")
    _early: dict[int, Up] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._heard_at = self.begun_at

    def hear(self, frame: Up, now: float) -> Iterator[Up]:
        """The frames that are next in turn now that this one came; none after the last word."""
        if not self._is_ours(frame):
            return
        self._heard_at, self._left_at, self.answered = now, None, True
        self._early.setdefault(frame.n, frame)
        turns_before = self.next_n
        while not self.over and self.next_n in self._early:
            turn = self._early.pop(self.next_n)
            self.next_n += 1
            self._note(turn)
            yield turn
        if not self._early:
            self._gap_since = None
        elif self._gap_since is None or self.next_n > turns_before:
            self._gap_since = now

    def leave(self, now: float) -> None:
        """The broker says that the device is gone."""
        self._left_at = now

    def missing(self, now: float) -> int | None:
        """The number of the frame from which to ask again: later ones are here, or none came for
        long.
        """
        gap = self._gap_since is not None and now - self._gap_since >= GAP_S
        quiet = self.answered and now - self._heard_at >= _QUIET_S
        asked_lately = now - self._asked_at < (_ASKS_AGAIN_EVERY_S if quiet else GAP_S)
        if self.over or asked_lately or not (gap or quiet):
            return None
        self._asked_at = now
        return self.next_n

    def is_unanswered(self, now: float, *, is_last: bool) -> bool:
        """Whether the device did not even say that it has the ask, and should have by now."""
        may_be_late = is_last and self._left_at is None
        patience_s = LAST_ACCEPTED_WITHIN_S if may_be_late else ACCEPTED_WITHIN_S
        return not self.answered and now - self.begun_at >= patience_s

    def is_silent(self, now: float) -> bool:
        """Whether nothing was heard for longer than a living device stays silent."""
        if not self.answered or self.over:
            return False
        if self._left_at is not None and not self.spoken:
            return now - self._left_at >= LEFT_BEFORE_TEXT_S
        patience_s = SILENT_AFTER_TEXT_S if self.spoken else SILENT_BEFORE_TEXT_S
        return now - self._heard_at >= patience_s

    def _is_ours(self, frame: Up) -> bool:
        ours = frame.id == self.ask_id and frame.attempt == self.attempt
        return ours and self.next_n <= frame.n < self.next_n + _MOST_AHEAD and not self.over

    def _note(self, frame: Up) -> None:
        self.started |= frame.k in ("started", "chunks")
        self.spoken |= frame.k == "chunks"
        self.over = frame.k in _LAST_WORDS
