"""What the catalog said at a generation, kept in the process for the next snapshots.

Tombstones and days change with the checkpoint only, which never is the same twice: it counts
its generations, and names the moment of its commit. Which objects hold a month's cells may
change without it, but what an object holds does not. So a process that reads a checkpoint again,
and finds what it was, has read all of this again. Whether it is, each snapshot finds out for
itself.
"""

from collections import OrderedDict
from functools import cache
from threading import Lock

import msgspec

from shared.storage.log.records import Checkpoint, DayRecord, MonthRecord
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# Days, parts and months of all users together; each takes less than 1 KB.
_MOST_RECORDS = 20_000

Dates = tuple[str, str]


class Committed(msgspec.Struct, frozen=True):
    """What was read at one checkpoint: tombstones, and the days and months between dates."""

    checkpoint: Checkpoint
    tombstones: tuple[Tombstone, ...] = ()
    days: dict[Dates, list[DayRecord]] = msgspec.field(default_factory=dict)
    months: dict[Dates, list[MonthRecord]] = msgspec.field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many there are to keep."""
        days = sum(1 + len(day.parts) for found in self.days.values() for day in found)
        return 1 + days + sum(1 + len(found) for found in self.months.values())


class _Kept:
    """By log, the least recently used first. How many records there are is counted as they come
    and go: each question does both.
    """

    def __init__(self) -> None:
        self._logs: OrderedDict[tuple[str, str, str], tuple[Committed, int]] = OrderedDict()
        self._records = 0
        self._lock = Lock()

    def take(self, log: UserLog) -> Committed | None:
        with self._lock:
            committed, records = self._logs.pop(_key(log), (None, 0))
            self._records -= records
            return committed

    def keep(self, log: UserLog, committed: Committed) -> None:
        with self._lock:
            _, before = self._logs.pop(_key(log), (None, 0))
            self._logs[_key(log)] = committed, committed.records
            self._records += committed.records - before
            while self._records > _MOST_RECORDS:
                self._records -= self._logs.popitem(last=False)[1][1]


@cache
def _kept() -> _Kept:
    return _Kept()


def take_kept(log: UserLog) -> Committed | None:
    """What is kept of a log; it is no longer, until a snapshot that it holds for gives it back."""
    return _kept().take(log)


def keep(log: UserLog, committed: Committed) -> None:
    """Keep what was in force a moment ago, unless hardly anything was read; the least recently
    used go when there is too much.
    """
    if committed.days and committed.checkpoint.generation:
        _kept().keep(log, committed)


def _key(log: UserLog) -> tuple[str, str, str]:
    return log.bucket.name, log.catalog.table.name, log.user_id
