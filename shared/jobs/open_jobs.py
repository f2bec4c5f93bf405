"""How many jobs of one user may wait in a line, without counting them at each submit.

A process counts at every so many of its own submits for a user, so a submit costs no query. The
limit is passed by some jobs of each process at most.
"""

from collections import Counter
from dataclasses import dataclass, field

from shared import clock
from shared.clock import SECOND_US
from shared.errors import TooManyRequests
from shared.jobs.store import JobStore

COUNT_EVERY = 64
_AGAIN_S = 5
# More lines than that in one process: then the counts begin again.
_LINES_REMEMBERED = 10_000


@dataclass(frozen=True)
class OpenJobs:
    """The waiting jobs of all users. 0: no limit."""

    store: JobStore
    limit: int
    _submits: Counter[str] = field(default_factory=Counter)
    _full_since_us: dict[str, int] = field(default_factory=dict)

    def check(self, waits_in: str) -> None:
        """To be asked before each submit into a line. Raises TooManyRequests."""
        if self.limit <= 0:
            return
        since_us = self._full_since_us.get(waits_in)
        if since_us is not None and clock.now_us() - since_us < _AGAIN_S * SECOND_US:
            raise self._refusal()
        if since_us is None and not self._is_turn(waits_in):
            return
        if len(self.store.waiting(waits_in, self.limit)) >= self.limit:
            self._full_since_us[waits_in] = clock.now_us()
            raise self._refusal()
        self._full_since_us.pop(waits_in, None)

    def _is_turn(self, waits_in: str) -> bool:
        """Whether to count now: more often where the limit is low."""
        if len(self._submits) > _LINES_REMEMBERED:
            self._submits.clear()
            self._full_since_us.clear()
        self._submits[waits_in] += 1
        every = max(1, min(COUNT_EVERY, self.limit // 10))
        return self._submits[waits_in] % every == 0

    def _refusal(self) -> TooManyRequests:
        return TooManyRequests(
            f"{self.limit} of your jobs wait for this model on this device or pool; go on when some"
            " have run",
            code="too_many_open_jobs",
            retry_after_s=_AGAIN_S,
            limit_open_jobs=self.limit,
        )
