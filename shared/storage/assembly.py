"""What changes the lake, put together with what datasets know: how stored rows become runs, and
columns.

It needs the analytics layer.
"""

import msgspec

from shared.aws import Bucket
from shared.datasets import (
    METRICS_MAX_BYTES,
    Adapter,
    RowNotConvertible,
    row_columns_made_by,
    run_of_stored,
    write_row_columns,
)
from shared.isolation import tell_unreadable_rows
from shared.runs import Run
from shared.storage.lake.backfill import StoredRow
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.compactor import Compactor
from shared.storage.lake.maintenance import StorageMaintenance
from shared.storage.lake.restoring import Restoration, RestoreImpossible
from shared.storage.lake.row_columns import ColumnsWriter
from shared.storage.log import Backfill, Catalog, UserLog

__all__ = [
    "COLUMNS",
    "Restoration",
    "RestoreImpossible",
    "StorageMaintenance",
    "compactor",
    "convert_stored",
    "maintenance",
    "revert_batch",
]


COLUMNS = ColumnsWriter(METRICS_MAX_BYTES, row_columns_made_by, write_row_columns)


def compactor(log: UserLog) -> Compactor:
    """The compaction of one user."""
    return Compactor(log, convert_stored, COLUMNS)


def maintenance(bucket: Bucket, catalog: Catalog) -> StorageMaintenance:
    """The upkeep of the storage of all users."""
    return StorageMaintenance(bucket, catalog, convert_stored, COLUMNS)


def convert_stored(backfill: Backfill, rows: list[StoredRow]) -> list[Run | None]:
    """The run of each stored row by the backfill's adapter; None where it gives none."""
    adapter = msgspec.convert(backfill.adapter, Adapter)
    runs: list[Run | None] = []
    failures: list[RowNotConvertible] = []
    for row in rows:
        try:
            run = run_of_stored(row.line, adapter, ordinal=row.ordinal, tenant=backfill.tenant)
        except RowNotConvertible as exc:
            failures.append(exc)
            run = None
        runs.append(run)
    tell_unreadable_rows(failures, dataset=adapter.dataset, batch_id=rows[0].batch_id)
    return runs
