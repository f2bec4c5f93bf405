"""Starting a backfill: the adapter and the order to convert what is there, in one commit."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from shared.aws import Bucket, TransactionLost, Update
from shared.errors import Unavailable
from shared.storage.log.catalog import Catalog
from shared.storage.log.commit import Commit
from shared.storage.log.records import Backfill, DatasetRecord
from shared.storage.log.segments import SegmentLog

_ATTEMPTS = 20

Saved = TypeVar("Saved")


def start_backfill(
    bucket: Bucket,
    catalog: Catalog,
    user_id: str,
    dataset: str,
    prepare: Callable[[], tuple[Saved, Update, Backfill]],
) -> Saved:
    """Begin to convert the rows of a dataset from its first row on.

    `prepare` gives what to return, an update to commit with it (the adapter), and the
    backfill; it is asked again when another commit came first. Raises Unavailable when
    that happens again and again.
    """
    for _ in range(_ATTEMPTS):
        before = catalog.checkpoint(user_id)
        saved, update, backfill = prepare()
        record = catalog.dataset(user_id, dataset) or DatasetRecord(name=dataset)
        commit = Commit(catalog, user_id, before)
        commit.update(update)
        commit.put_dataset(msgspec.structs.replace(record, backfill=backfill))
        running = tuple(sorted({*before.backfills, dataset}))
        try:
            commit.carry_out(msgspec.structs.replace(before, backfills=running))
        except TransactionLost:
            continue
        SegmentLog(bucket).wake(user_id)
        return saved
    raise Unavailable("the data is being reorganised; ask again", code="storage_busy")
