"""Rolling up on schedule: what came since, months, and whether rollups are true."""

import random
from dataclasses import dataclass

from shared import clock
from shared.aws import ObjectMissing, TransactionLost
from shared.isolation import user_kept_apart
from shared.observability import count, logger
from shared.storage.lake.optimize import Optimizer
from shared.storage.lake.parquet import days_of_rollups, rollup_differs
from shared.storage.lake.parts import PARQUET
from shared.storage.log.object_keys import rollup_key
from shared.storage.log.records import MONTH_PREFIX, DayRecord, MonthRecord, item_of
from shared.storage.log.user_log import UserLog
from shared.turns import MayGoOn


@dataclass(frozen=True)
class RollupUpkeep:
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
        differ. Those are dropped, and made again from the rows.
        """
        rolled = [day for day in self.log.days() if day.rollup]
        chosen = random.sample(rolled, min(days, len(rolled)))
        differing = 0
        for day in chosen:
            if not may_go_on():
                break
            with user_kept_apart(f"hold_against_rows/{day.day}", self.log.user_id):
                differing += self._dropped_if_it_differs(day)
        return differing

    def _roll_up(self, day: str) -> bool:
        """Whether the day was rolled up. An open tombstone hides runs of parts that it recognises
        by their generations, so nothing is merged before it is applied.
        """
        checkpoint = self.log.checkpoint()
        if checkpoint.tombstones:
            return False
        try:
            Optimizer(self.log).step(checkpoint, day)
        except (ObjectMissing, TransactionLost):
            # Another process committed meanwhile; the next time is soon enough.
            return False
        return True

    def _dropped_if_it_differs(self, day: DayRecord) -> bool:
        if not self._differs(day):
            return False
        logger().error("rollup_differs", user_id=self.log.user_id, day=day.day)
        # Counted at once, so that it is known even when dropping fails.
        count("RollupsDiffer", service="storage")
        self._drop(day)
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

    def _drop(self, day: DayRecord) -> None:
        try:
            Optimizer(self.log).drop_rollup(day)
        except TransactionLost:
            logger().info("rollup_overtaken", user_id=self.log.user_id, day=day.day)


@dataclass(frozen=True)
class Months:
    """The gathered months of one user: the cells by days of a month's rollups in one object, so
    that a year is a few.

    A month is a copy, never the truth: it names the rollup that each of its days comes from,
    and holds for a day while the day's record names the same. So it needs no commit.
    """

    log: UserLog

    def gather(self) -> int:
        """Bring the months up to date, days before today only; how many were written.

        Raises ObjectMissing when a day changes meanwhile.
        """
        wanted: dict[str, dict[str, str]] = {}
        today = clock.day_of(clock.now_us())
        for day in self.log.days():
            if day.rollup and day.day < today:
                wanted.setdefault(day.day[:7], {})[day.day] = day.rollup.key
        known = {month.month: month for month in self.log.months()}
        stale = [
            month
            for month, days in wanted.items()
            if len(days) > 1 and (month not in known or known[month].days != days)
        ]
        for month in stale:
            self._write(month, wanted[month], known.get(month))
        return len(stale)

    def _write(self, month: str, days: dict[str, str], older: MonthRecord | None) -> None:
        kept = [day for day in days if older and older.days.get(day) == days[day]]
        body = days_of_rollups(
            [self.log.bucket.get(key) for day, key in days.items() if day not in kept],
            self.log.bucket.get(older.key) if older and kept else None,
            kept,
        )
        key = rollup_key(self.log.user_id, f"month={month}", 0)
        self.log.bucket.put(key, body, PARQUET)
        record = MonthRecord(month=month, key=key, bytes=len(body), days=days)
        self.log.catalog.table.put(item_of(self.log.user_id, MONTH_PREFIX + month, record))
