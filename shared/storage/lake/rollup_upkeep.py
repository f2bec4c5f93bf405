"""Rolling up on schedule: what came since, months, and whether rollups are true."""

import random
from dataclasses import dataclass

from shared.aws import ObjectMissing, TransactionLost
from shared.isolation import user_kept_apart
from shared.observability import count, logger
from shared.storage.lake.months import Months
from shared.storage.lake.optimize import Tidying
from shared.storage.lake.parquet import rollup_differs
from shared.storage.log.records import DayRecord
from shared.storage.log.user_log import UserLog
from shared.turns import MayGoOn


@dataclass(frozen=True)
class Rolling:
    """The rolling up of one user's days."""

    log: UserLog

    def roll_up(self, may_go_on: MayGoOn) -> int:
        """Roll up every day that has something new, and gather months; how many days."""
        fresh = [day.day for day in self.log.days() if day.fresh]
        rolled = 0
        for day in fresh:
            if not may_go_on():
                break
            with user_kept_apart(f"roll_up/{day}", self.log.user_id):
                rolled += self._roll_up(day)
        try:
            Months(self.log).gather()
        except ObjectMissing:
            logger().info("months_overtaken", user_id=self.log.user_id)
        return rolled

    def hold_against_rows(self, days: int, may_go_on: MayGoOn) -> int:
        """Recompute the rollups of some days, chosen at random, from their rows; how many
        differ. Those are forgotten, and made anew from the rows."""
        rolled = [day for day in self.log.days() if day.rollup]
        chosen = random.sample(rolled, min(days, len(rolled)))
        differing = 0
        for day in chosen:
            if not may_go_on():
                break
            with user_kept_apart(f"hold_against_rows/{day.day}", self.log.user_id):
                differing += self._forgotten_if_it_differs(day)
        return differing

    def _roll_up(self, day: str) -> bool:
        """Whether the day was rolled up. An edit that is open hides runs of parts that it tells
        by their generations, so nothing is merged before it is applied."""
        checkpoint = self.log.checkpoint()
        if checkpoint.edits:
            return False
        try:
            Tidying(self.log).step(checkpoint, day)
        except (ObjectMissing, TransactionLost):
            # Somebody else committed meanwhile; the next time is soon enough.
            return False
        return True

    def _forgotten_if_it_differs(self, day: DayRecord) -> bool:
        if not self._differs(day):
            return False
        logger().error("rollup_differs", user_id=self.log.user_id, day=day.day)
        # Counted at once, so that it is known even when forgetting fails.
        count("RollupsDiffer", service="storage")
        self._forget(day)
        return True

    def _differs(self, day: DayRecord) -> bool:
        assert day.rollup is not None
        try:
            rolled = {part.key: part.bytes for part in day.parts if part.rolled}
            bodies = list(self.log.bucket.get_many(rolled))
            kept = self.log.bucket.get(day.rollup.key)
        except ObjectMissing:
            return False
        return rollup_differs(bodies, kept, set(day.rollup.levels))

    def _forget(self, day: DayRecord) -> None:
        try:
            Tidying(self.log).forget(day)
        except TransactionLost:
            logger().info("rollup_overtaken", user_id=self.log.user_id, day=day.day)
