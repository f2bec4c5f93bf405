"""How many runs one user may import on a day (UTC)."""

from dataclasses import dataclass

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.clock import DAY_US, SECOND_US, day_of, day_start_us
from shared.errors import TooManyRequests
from shared.storage.log import partition

_KEPT_S = 2 * 86_400


@dataclass(frozen=True)
class ImportQuota:
    """Counts what is imported, in one item of the catalog for each user and day.

    An import that fails after it was counted stays counted.
    """

    table: Table
    runs_a_day: int

    def take(self, user_id: str, runs: int) -> None:
        """Count runs that are about to be stored. Raises TooManyRequests."""
        today = day_of(clock.now_us())
        update = Update(
            partition(user_id),
            f"IMPORTED#{today}",
            add={"runs": runs},
            set={"expires_at": clock.now_s() + _KEPT_S},
            extra_condition="attribute_not_exists(#runs) OR #runs <= :room",
            names={"#runs": "runs"},
            values={":room": self.runs_a_day - runs},
        )
        try:
            if runs > self.runs_a_day:
                raise self._full(today)
            self.table.update(update)
        except ConditionFailed as exc:
            raise self._full(today) from exc

    def _full(self, today: str) -> TooManyRequests:
        rest_us = day_start_us(today) + DAY_US - clock.now_us()
        return TooManyRequests(
            f"an account imports at most {self.runs_a_day} runs a day (UTC)",
            code="daily_runs_exceeded",
            retry_after_s=rest_us // SECOND_US + 1,
            limit_runs_a_day=self.runs_a_day,
        )
