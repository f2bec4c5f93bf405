"""Compaction and upkeep of storage with what datasets know: how stored rows become runs.

Needs the analytics layer; functions that fold import it by name.
"""

import msgspec

from shared.aws import Bucket
from shared.datasets.adapters import Adapter
from shared.datasets.conversion import RowNotConvertible
from shared.datasets.stored import run_of_stored
from shared.runs import Run
from shared.storage import Backfill, Catalog
from shared.storage.backfill import StoredRow
from shared.storage.compaction import Compaction
from shared.storage.maintenance import Maintenance


def compaction(bucket: Bucket, catalog: Catalog, user_id: str) -> Compaction:
    """The compaction of one user."""
    return Compaction(bucket, catalog, user_id, convert_stored)


def maintenance(bucket: Bucket, catalog: Catalog) -> Maintenance:
    """The upkeep of the storage of all users."""
    return Maintenance(bucket, catalog, convert_stored)


def convert_stored(backfill: Backfill, rows: list[StoredRow]) -> list[Run | None]:
    """The run of each stored row by the backfill's adapter; None where it gives none."""
    adapter = msgspec.convert(backfill.adapter, Adapter)
    return [_run(row, adapter, backfill.tenant) for row in rows]


def _run(row: StoredRow, adapter: Adapter, tenant: str) -> Run | None:
    try:
        return run_of_stored(row.line, adapter, ordinal=row.ordinal, tenant=tenant)
    except RowNotConvertible:
        return None
