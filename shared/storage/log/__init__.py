"""The log on S3 and its catalog: segments, commits, snapshots, tombstones (docs/storage.md).

Nothing here needs DuckDB, so every function may load it.
"""

from shared.storage.log.backlog import Backlog
from shared.storage.log.catalog import Catalog
from shared.storage.log.dataset_changes import delete_dataset, start_backfill
from shared.storage.log.fold_turns import FoldTurn
from shared.storage.log.object_keys import storage_traces
from shared.storage.log.overtaken import retry_when_overtaken
from shared.storage.log.records import (
    BACKLOG,
    DATASET_PREFIX,
    Backfill,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    MonthRecord,
    Part,
    RowColumns,
    Totals,
    Volume,
    dataset_key,
    dataset_record,
    partition,
    totals_key,
    totals_record,
)
from shared.storage.log.ripeness import NewSegment, fold_wait_s
from shared.storage.log.row_members import BATCH_MEMBER, META_PREFIX, batch_of_line, row_meta
from shared.storage.log.segment_log import SegmentLog
from shared.storage.log.segments import PendingSegment, SegmentName
from shared.storage.log.snapshot import Snapshot, begin_snapshot, read_snapshot
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

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
    "FoldTurn",
    "MonthRecord",
    "NewSegment",
    "Part",
    "PendingSegment",
    "RowColumns",
    "SegmentLog",
    "SegmentName",
    "Snapshot",
    "Tombstone",
    "Totals",
    "UserLog",
    "Volume",
    "batch_of_line",
    "begin_snapshot",
    "dataset_key",
    "dataset_record",
    "delete_dataset",
    "fold_wait_s",
    "partition",
    "read_snapshot",
    "retry_when_overtaken",
    "row_meta",
    "start_backfill",
    "storage_traces",
    "totals_key",
    "totals_record",
]
