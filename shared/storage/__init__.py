"""The log on S3: segments, catalog, compaction, snapshots (docs/storage.md).

Folding (`shared.storage.compaction`) needs the analytics layer and is imported by
the functions that fold.
"""

from shared.storage.catalog import Catalog, Checkpoint, DatasetRecord, DayRecord, Part, Volume
from shared.storage.segments import PendingSegment, SegmentLog, SegmentName
from shared.storage.snapshot import Snapshot, read_snapshot

__all__ = [
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
    "read_snapshot",
]
