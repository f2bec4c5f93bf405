"""Counts the jobs that died before dead jobs were counted, or by their codes only
(`shared.jobs.dead_counts`).

Once for a table, by maintenance. It waits until no function of the version before runs
any more, which would let jobs die uncounted; until it is done, who asks reads the jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.aws import ConditionFailed
from shared.clock import SECOND_US
from shared.jobs.store import JobStore

# Longer than any function may run.
WAIT_S = 900
_KEY = ("DEADS#STATE", "GROUPS")


@dataclass(frozen=True)
class Recount:
    """The counting of older dead jobs."""

    store: JobStore

    @property
    def is_done(self) -> bool:
        """Whether the counts include every dead job."""
        state = self.store.table.get(*_KEY)
        return state is not None and bool(state["done"])

    def go_on(self, may_go_on: Callable[[], bool]) -> str | None:
        """Count what is not counted, while there is time; what was done. Repeatable."""
        state = self.store.table.get(*_KEY)
        if state is None:
            self._begin()
            return "recount_begun"
        if state["done"] or clock.now_us() < state["since_us"] + WAIT_S * SECOND_US:
            return None
        for job in self.store.dead(None, at_once=100):
            if not may_go_on():
                return "recount_goes_on"
            self.store.count_in(job)
        self.store.table.put({**state, "done": True})
        return "recount_done"

    def _begin(self) -> None:
        pk, sk = _KEY
        state = {"pk": pk, "sk": sk, "done": False, "since_us": clock.now_us()}
        try:
            self.store.table.put(state, only_new=True)
        except ConditionFailed:
            return
