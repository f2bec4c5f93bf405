"""When new segments are worth a fold: at once where one is heavy or they are many, else when one of
them is old enough. Until then readers find them where they are.

A fold costs the same for one run as for a hundred; what it saves readers is small while little is
pending.
"""

from collections.abc import Sequence

import msgspec

from shared import clock
from shared.clock import SECOND_US
from shared.storage.log.segments import SegmentName

# Reading so much at each question takes about a millisecond.
_HEAVY_ENTRIES = 100
_HEAVY_BYTES = 64 * 2**10
_MANY = 50


class NewSegment(msgspec.Struct, frozen=True):
    """A segment of which an event says that it was written, with its bytes as far as known."""

    name: SegmentName
    size: int = 0

    @property
    def heavy(self) -> bool:
        """Whether reading it again and again costs more than folding it. One without entries asks
        for a fold (`SegmentLog.wake`).
        """
        entries = self.name.rows + self.name.runs
        return not 0 < entries <= _HEAVY_ENTRIES or self.size > _HEAVY_BYTES

    def ripe_in_s(self, fold_after_s: int) -> int:
        """In how many seconds it is old enough: `fold_after_s` at most, as clocks differ."""
        age_s = (clock.now_us() - self.name.born_us) // SECOND_US
        return min(fold_after_s, max(0, fold_after_s - age_s))


def fold_wait_s(segments: Sequence[NewSegment], fold_after_s: int) -> int:
    """How many seconds the fold of a user's new segments can wait; 0: it is worth it now."""
    if len(segments) >= _MANY or any(segment.heavy for segment in segments):
        return 0
    return min((segment.ripe_in_s(fold_after_s) for segment in segments), default=0)
