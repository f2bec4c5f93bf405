"""Months: the cells by days of a month's rollups in one object, so that a year is a few.

A month is a copy, never the truth: it names the rollup that each of its days comes from,
and holds for a day while the day's record names the same. So it needs no commit.
"""

from dataclasses import dataclass

from shared import clock
from shared.storage.lake.fold import PARQUET
from shared.storage.lake.optimize import rollup_key
from shared.storage.lake.parquet import days_of_rollups
from shared.storage.log.records import MONTH_PREFIX, MonthRecord, item_of
from shared.storage.log.user_log import UserLog


@dataclass(frozen=True)
class Months:
    """The gathered months of one user."""

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
