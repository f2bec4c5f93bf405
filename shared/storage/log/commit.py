"""Commits: one transaction that moves a user's checkpoint by one generation, or nothing."""

from dataclasses import dataclass, field

import msgspec

from shared import clock
from shared.aws import Item, Transaction, TransactionLost, Update
from shared.storage.log.records import (
    CHECKPOINT,
    COMMITTED,
    MARKER_PREFIX,
    TOMBSTONE_PREFIX,
    TOTALS,
    CatalogRecord,
    Checkpoint,
    DatasetRecord,
    Totals,
    dataset_key,
    item_of,
    partition,
)
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# Longer than any writer repeats: an Idempotency-Key lives a day, a job at most 14 days in SQS.
_MARKER_TTL_S = 30 * 86_400
_DAYS_COUNTED = 2


@dataclass
class Commit:
    """What becomes true in the generation after `before`, on condition that it is the newest.

    At most 100 items altogether, the checkpoint included.
    """

    log: UserLog
    before: Checkpoint
    _transaction: Transaction = field(init=False)
    _put_keys: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._transaction = self.log.catalog.table.transaction()

    @property
    def generation(self) -> int:
        """The generation that the commit makes."""
        return self.before.generation + 1

    def put(self, sort_key: str, record: CatalogRecord) -> None:
        """Put a record."""
        self._put(item_of(self.log.user_id, sort_key, record))

    def put_dataset(self, record: DatasetRecord) -> None:
        """Put the folded part of a dataset."""
        self.put(dataset_key(record.name), record)

    def put_tombstone(self, tombstone: Tombstone) -> None:
        """Put a tombstone."""
        self.put(TOMBSTONE_PREFIX + tombstone.tombstone_id, tombstone)

    def put_totals(self, totals: Totals) -> None:
        """Put what the user has altogether."""
        self.put(TOTALS, totals)

    def mark(self, segment_id: str) -> None:
        """Remember a repeatable segment; the commit fails when it is remembered already."""
        expires_at = clock.now_s() + _MARKER_TTL_S
        marker = {"pk": partition(self.log.user_id), "sk": MARKER_PREFIX + segment_id}
        self._put({**marker, "expires_at": expires_at}, only_new=True)

    def remember(self, sort_key: str, **attributes: object) -> None:
        """Put an item of plain attributes."""
        self._put({"pk": partition(self.log.user_id), "sk": sort_key, **attributes})

    def update(self, update: Update) -> None:
        """Update an item that others change too, on the update's condition."""
        self._transaction.update(update)

    def delete(self, sort_key: str) -> None:
        """Delete an item."""
        self._transaction.delete(partition(self.log.user_id), sort_key)

    def carry_out(self, after: Checkpoint) -> None:
        """Make it true, with the checkpoint as given but for its generation.

        Raises TransactionLost when anything else was committed since `before`, or while an
        earlier state is put back.
        """
        if self.before.restoring:
            raise TransactionLost(("Restoring",))
        items = len(self._put_keys)
        after = msgspec.structs.replace(
            after, generation=self.generation, items=items, updated_us=clock.now_us()
        )
        self._transaction.update(
            Update(
                partition(self.log.user_id),
                CHECKPOINT,
                set=msgspec.to_builtins(after),
                only_if={"generation": self.before.generation or None},
            )
        )
        self._transaction.commit()

    def _put(self, item: Item, *, only_new: bool = False) -> None:
        """Put an item that says which commit put it: a restored table is checked by that."""
        self._put_keys.add(item["sk"])
        self._transaction.put({**item, COMMITTED: self.generation}, only_new=only_new)


def grown_totals(
    totals: Totals,
    changes: list[tuple[DatasetRecord, DatasetRecord]],
    rows_by_day: dict[str, int],
) -> Totals:
    """The totals after datasets went from one record to another and rows came on days."""
    counted = dict(totals.rows_by_day)
    for day, rows in rows_by_day.items():
        counted[day] = counted.get(day, 0) + rows
    newest = sorted(counted)[-_DAYS_COUNTED:]
    return Totals(
        datasets=totals.datasets + sum(after.exists - before.exists for before, after in changes),
        bytes=totals.bytes + sum(after.bytes - before.bytes for before, after in changes),
        rows_by_day={day: counted[day] for day in newest},
    )
