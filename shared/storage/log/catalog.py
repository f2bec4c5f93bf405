"""The catalog: what is committed, per user, in DynamoDB.

Partition `USER#<user_id>`; sort keys `CHECKPOINT`, `TOTALS`, `DATASET#<name>#BASE`,
`DAY#<date>`, `MONTH#<month>`, `SEGMENT#<id>`, `BATCH#<id>`, `EDIT#<id>`. A commit is one
transaction that moves the checkpoint's generation by one (`shared.storage.log.commit`).
"""

from typing import TypeVar

import msgspec

from shared.aws import Table
from shared.storage.log.records import (
    BATCH_PREFIX,
    CHECKPOINT,
    DAY_PREFIX,
    MARKER_PREFIX,
    MONTH_PREFIX,
    TOMBSTONE_PREFIX,
    TOTALS,
    BatchRecord,
    CatalogRecord,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    MonthRecord,
    Totals,
    dataset_key,
    partition,
)
from shared.storage.log.tombstones import Tombstone

Kind = TypeVar("Kind", bound=CatalogRecord)


class Catalog(msgspec.Struct, frozen=True):
    """Reads catalog items."""

    table: Table

    def checkpoint(self, user_id: str) -> Checkpoint:
        """The user's checkpoint, strongly consistent."""
        return self._record(user_id, CHECKPOINT, Checkpoint) or Checkpoint()

    def dataset(self, user_id: str, name: str) -> DatasetRecord | None:
        """The folded part of one dataset."""
        return self._record(user_id, dataset_key(name), DatasetRecord)

    def day(self, user_id: str, day: str) -> DayRecord:
        """The parts of one day."""
        return self._record(user_id, DAY_PREFIX + day, DayRecord) or DayRecord(day=day)

    def days(
        self, user_id: str, first: str = "0000-01-01", last: str = "9999-12-31"
    ) -> list[DayRecord]:
        """The days between two dates, both included, that have runs."""
        between = (DAY_PREFIX + first, DAY_PREFIX + last)
        items = self.table.query(partition(user_id), between=between)
        return [msgspec.convert(item, DayRecord) for item in items]

    def months(
        self, user_id: str, first: str = "0000-01", last: str = "9999-12"
    ) -> list[MonthRecord]:
        """The months between two, both included, whose days are gathered."""
        between = (MONTH_PREFIX + first, MONTH_PREFIX + last)
        items = self.table.query(partition(user_id), between=between)
        return [msgspec.convert(item, MonthRecord) for item in items]

    def totals(self, user_id: str) -> Totals:
        """What the user has folded altogether."""
        return self._record(user_id, TOTALS, Totals) or Totals()

    def batch(self, user_id: str, batch_id: str) -> BatchRecord | None:
        """What a folded batch brought."""
        return self._record(user_id, BATCH_PREFIX + batch_id, BatchRecord)

    def tombstones(self, user_id: str) -> tuple[Tombstone, ...]:
        """The tombstones that are not applied yet, oldest first."""
        items = self.table.query(partition(user_id), prefix=TOMBSTONE_PREFIX)
        return tuple(msgspec.convert(item, Tombstone) for item in items)

    def marked(self, user_id: str, segment_ids: list[str]) -> set[str]:
        """Those of the repeatable segments that a commit already covers."""
        if not segment_ids:
            return set()
        # The same id may be listed twice, and DynamoDB refuses to be asked twice.
        names = [MARKER_PREFIX + segment_id for segment_id in dict.fromkeys(segment_ids)]
        keys = [(partition(user_id), name) for name in names]
        return {item["sk"].removeprefix(MARKER_PREFIX) for item in self.table.get_many(keys)}

    def _record(self, user_id: str, sort_key: str, kind: type[Kind]) -> Kind | None:
        item = self.table.get(partition(user_id), sort_key)
        return None if item is None else msgspec.convert(item, kind)
