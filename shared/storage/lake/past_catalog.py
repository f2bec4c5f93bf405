"""The catalog of one user as it was, as the table's point-in-time recovery gives it back."""

import msgspec

from shared.aws import Item
from shared.clock import SECOND_US
from shared.storage.log.records import (
    CHECKPOINT,
    COMMITTED,
    DATASET_PREFIX,
    DAY_PREFIX,
    MONTH_PREFIX,
    TOMBSTONE_PREFIX,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    MonthRecord,
    dataset_record,
    partition,
)
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# A table is restored item by item: a commit of these last seconds may be there in part.
_SETTLED_S = 300


class PastCatalog(msgspec.Struct, kw_only=True):
    """The catalog items of one user as they were, as far as they name objects."""

    checkpoint: Checkpoint = Checkpoint()
    datasets: dict[str, DatasetRecord] = {}
    keys: set[str] = set()
    tombstones: list[Tombstone] = []
    newest_commit: int = 0
    items_of_newest: int = 0

    @classmethod
    def read(cls, log: UserLog) -> "PastCatalog":
        """Read all of a user's items."""
        found = cls()
        for item in log.catalog.table.query(partition(log.user_id)):
            found._note(item)
        return found

    def torn(self, moment_s: float) -> str:
        """Why these items do not belong to one commit; empty when they do."""
        if self.checkpoint.restoring:
            return "an earlier restore was under way at that moment"
        if self.newest_commit > self.checkpoint.generation:
            return "the last commit is there in part: its checkpoint is missing"
        if len(self.tombstones) != self.checkpoint.tombstones:
            return "the last commit is there in part: tombstones are missing or left"
        newest = self.items_of_newest if self.newest_commit == self.checkpoint.generation else 0
        lately = self.checkpoint.updated_us > (moment_s - _SETTLED_S) * SECOND_US
        if lately and newest != self.checkpoint.items:
            return "the last commit is there in part: items of it are missing"
        return ""

    def _note(self, item: Item) -> None:
        sort_key = item["sk"]
        self._count(int(item.get(COMMITTED, 0)))
        if sort_key == CHECKPOINT:
            self.checkpoint = msgspec.convert(item, Checkpoint)
        elif sort_key.startswith(DATASET_PREFIX) and sort_key.endswith("#BASE"):
            self.datasets[sort_key] = dataset_record(item)
        elif sort_key.startswith(DAY_PREFIX):
            day = msgspec.convert(item, DayRecord)
            self.keys |= {part.key for part in day.parts}
            self.keys |= {day.rollup.key} if day.rollup else set()
        elif sort_key.startswith(MONTH_PREFIX):
            self.keys.add(msgspec.convert(item, MonthRecord).key)
        elif sort_key.startswith(TOMBSTONE_PREFIX):
            self.tombstones.append(msgspec.convert(item, Tombstone))

    def _count(self, generation: int) -> None:
        if generation > self.newest_commit:
            self.newest_commit, self.items_of_newest = generation, 0
        self.items_of_newest += bool(generation) and generation == self.newest_commit
