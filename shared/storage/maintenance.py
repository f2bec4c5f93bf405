"""Finds what events missed and removes what no commit refers to.

Segments are found by listing, so a lost S3 event costs minutes, never rows. Orphans
are Parquet parts that no day names, and dataset versions newer than the committed
one: left by compactions that died between writing and committing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.aws import Bucket
from shared.storage.catalog import DATASET_PREFIX, Catalog, Volume, dataset_record, partition
from shared.storage.compaction import Compaction
from shared.storage.segments import SegmentLog

# Older than any function may run: what is younger may be about to be committed.
ORPHAN_AGE_S = 3_600
RUNS_PREFIX = "runs/"


@dataclass(frozen=True)
class Maintenance:
    """The upkeep of the storage of all users."""

    bucket: Bucket
    catalog: Catalog

    def fold_forgotten(self, may_go_on: Callable[[], bool]) -> int:
        """Fold whatever is pending, of everybody; the number of segments."""
        folded = 0
        for user_id in SegmentLog(self.bucket).users():
            if not may_go_on():
                break
            folded += Compaction(self.bucket, self.catalog, user_id).drain(may_go_on)
        return folded

    def remove_orphans(self, may_go_on: Callable[[], bool]) -> int:
        """Remove uncommitted parts and dataset versions of everybody; how many."""
        removed = 0
        for folder in self.bucket.list_folders(RUNS_PREFIX):
            if not may_go_on():
                break
            user_id = folder.removeprefix("user=")
            removed += self._remove_orphan_parts(user_id) + self._remove_orphan_versions(user_id)
        return removed

    def _remove_orphan_parts(self, user_id: str) -> int:
        """Delete old parts that no day names. Days are read after the listing, so a part
        that is committed meanwhile is named by then."""
        aged = [
            stored.key
            for stored in self.bucket.list(f"{RUNS_PREFIX}user={user_id}/")
            if stored.modified_s < clock.now_s() - ORPHAN_AGE_S
        ]
        days = self.catalog.days(user_id, "0000-01-01", "9999-12-31")
        named = {part.key for day in days for part in day.parts}
        orphans = [key for key in aged if key not in named]
        self.bucket.delete(orphans)
        return len(orphans)

    def _remove_orphan_versions(self, user_id: str) -> int:
        items = self.catalog.table.query(partition(user_id), prefix=DATASET_PREFIX)
        records = [dataset_record(item) for item in items if item["sk"].endswith("#BASE")]
        return sum(
            self._remove_newer(volume) for record in records for volume in record.volumes[-1:]
        )

    def _remove_newer(self, volume: Volume) -> int:
        """Delete aged versions above the committed one, so that it is the newest again and
        no lifecycle rule takes it for superseded."""
        removed = 0
        for version_id, modified_s in self.bucket.versions(volume.key):
            if version_id == volume.version_id or modified_s > clock.now_s() - ORPHAN_AGE_S:
                break
            self.bucket.delete_version(volume.key, version_id)
            removed += 1
        return removed
