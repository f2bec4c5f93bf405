"""The log on S3: segments, catalog, compaction, snapshots (docs/storage.md).

Folding (`shared.storage.compaction`) needs the analytics layer and is imported by
the functions that fold.
"""

from shared.storage.catalog import (
    DATASET_PREFIX,
    Catalog,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    Part,
    Volume,
    dataset_record,
    partition,
)
from shared.storage.segments import PendingSegment, SegmentLog, SegmentName
from shared.storage.snapshot import Snapshot, read_snapshot

__all__ = [
    "DATASET_PREFIX",
    "Catalog",
    "Checkpoint",
    "DatasetRecord",
    "DayRecord",
    "Part",
    "PendingSegment",
    "SegmentLog",
    "SegmentName",
    "Snapshot",
    "Volume",
    "dataset_record",
    "partition",
    "read_snapshot",
]
