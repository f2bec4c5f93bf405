"""The log on S3: segments, catalog, compaction, snapshots (docs/storage.md).

Folding (`shared.storage.compaction`) needs the analytics layer and is imported by
the functions that fold.
"""

from shared.storage.backlog import Backlog
from shared.storage.catalog import Catalog
from shared.storage.deletion import delete_dataset
from shared.storage.edits import Edit
from shared.storage.records import (
    BACKLOG,
    DATASET_PREFIX,
    Backfill,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    MonthRecord,
    Part,
    Totals,
    Volume,
    dataset_key,
    dataset_record,
    partition,
    totals_key,
    totals_record,
)
from shared.storage.row_meta import BATCH_MEMBER, META_PREFIX, batch_of_line, row_meta
from shared.storage.segments import PendingSegment, SegmentLog, SegmentName
from shared.storage.snapshot import Snapshot, begin_snapshot, read_snapshot
from shared.storage.traces import storage_traces

__all__ = [
    "BACKLOG",
    "BATCH_MEMBER",
    "DATASET_PREFIX",
    "META_PREFIX",
    "Backfill",
    "Backlog",
    "Catalog",
    "Checkpoint",
    "DatasetRecord",
    "DayRecord",
    "Edit",
    "MonthRecord",
    "Part",
    "PendingSegment",
    "SegmentLog",
    "SegmentName",
    "Snapshot",
    "Totals",
    "Volume",
    "batch_of_line",
    "begin_snapshot",
    "dataset_key",
    "dataset_record",
    "delete_dataset",
    "partition",
    "read_snapshot",
    "row_meta",
    "storage_traces",
    "totals_key",
    "totals_record",
]
