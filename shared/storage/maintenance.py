"""Finds what events missed and removes what nothing refers to.

Segments are found by listing, so a lost S3 event costs minutes, never rows. Orphans
are Parquet parts, rollups and dataset objects that the catalog does not name: replaced,
or left by compactions that died between writing and committing. What a commit of the
recovery window may name is deleted below a marker, so that the bucket keeps it; only
what no commit ever named goes for good. Days are rolled up, months gathered, and
rollups held against their rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.aws import Bucket, StoredVersion
from shared.observability import count, logger
from shared.storage.backfill import Convert
from shared.storage.catalog import Catalog
from shared.storage.compaction import QUARANTINE_PREFIX, Compaction
from shared.storage.expiry import Expiry
from shared.storage.records import DATASET_PREFIX, dataset_record, partition
from shared.storage.rolling import Rolling
from shared.storage.segments import PREFIX, SegmentLog
from shared.storage.tidying import ROLLUPS_PREFIX

# Older than any function may run: what is younger may be about to be committed.
ORPHAN_AGE_S = 3_600
# Longer than any call may wonder whether its lost PUT took effect (`Bucket.put_new`).
HISTORY_AGE_S = 900
RUNS_PREFIX = "runs/"
DATASETS_PREFIX = "data/users/"


@dataclass(frozen=True)
class Maintenance:
    """The upkeep of the storage of all users. `convert` is what backfills need."""

    bucket: Bucket
    catalog: Catalog
    convert: Convert

    def fold_forgotten(self, may_go_on: Callable[[], bool]) -> int:
        """Fold whatever is pending, of everybody; the number of segments.

        Objects that are no segments are set aside, and the history of folded segments
        is forgotten, so that listings stay short.
        """
        folded = 0
        for user_id in self.bucket.list_folders(PREFIX, with_deleted=True):
            if not may_go_on():
                break
            self._set_misnamed_aside(user_id)
            folded += self._compaction(user_id).drain(may_go_on)
            self._forget_history(user_id)
        return folded

    def go_on_with_edits(self, may_go_on: Callable[[], bool]) -> int:
        """Apply edits and backfills of users whose wake-up was lost; how many users."""
        users = [
            user_id
            for user_id in self.bucket.list_folders(DATASETS_PREFIX)
            if self._has_work(user_id)
        ]
        for user_id in users:
            self._compaction(user_id).drain(may_go_on)
        return len(users)

    def roll_up(self, may_go_on: Callable[[], bool]) -> int:
        """Roll up what came since, of everybody, and gather months; how many days."""
        return sum(self._rolling(user_id).roll_up(may_go_on) for user_id in self._users_with_runs())

    def hold_against_rows(self, days: int, may_go_on: Callable[[], bool]) -> int:
        """Recompute the rollups of some days of each user from their rows; how many differ.

        The alarm counts the metric.
        """
        users = self._users_with_runs()
        differing = sum(
            self._rolling(user_id).hold_against_rows(days, may_go_on) for user_id in users
        )
        count("RollupsDiffer", differing, service="storage")
        return differing

    def remove_orphans(self, may_go_on: Callable[[], bool]) -> int:
        """Remove uncommitted parts and dataset versions of everybody; how many."""
        removed = 0
        for user_id in self._users_with_runs():
            if may_go_on():
                removed += self._remove_orphan_parts(user_id)
        for user_id in self.bucket.list_folders(DATASETS_PREFIX):
            if may_go_on():
                removed += self._remove_orphan_versions(user_id)
        return removed

    def expire(self, days: int, may_go_on: Callable[[], bool]) -> int:
        """Delete for good what was replaced so many days ago, where no lifecycle rule does it
        (0 days: one does); how many versions."""
        return Expiry(self.bucket, days).carry_out(may_go_on) if days else 0

    def _compaction(self, user_id: str) -> Compaction:
        return Compaction(self.bucket, self.catalog, user_id, self.convert)

    def _has_work(self, user_id: str) -> bool:
        checkpoint = self.catalog.checkpoint(user_id)
        return bool(checkpoint.edits or checkpoint.backfills)

    def _set_misnamed_aside(self, user_id: str) -> None:
        keys = SegmentLog(self.bucket).misnamed(user_id)
        for key in keys:
            body = self.bucket.get(key)
            self.bucket.put(QUARANTINE_PREFIX + key.removeprefix(PREFIX), body)
            logger().error("segment_quarantined", user_id=user_id, key=key)
        self.bucket.delete(keys)
        if keys:
            count("SegmentsQuarantined", len(keys), service="storage")

    def _forget_history(self, user_id: str) -> None:
        """Delete for good what was deleted a while ago: the versions and their markers."""
        live = {stored.key for stored in self.bucket.list(f"{PREFIX}{user_id}/")}
        self.bucket.delete_history(
            version
            for version in self.bucket.history(f"{PREFIX}{user_id}/")
            if version.key not in live and version.modified_s < clock.now_s() - HISTORY_AGE_S
        )

    def _users_with_runs(self) -> list[str]:
        folders = self.bucket.list_folders(RUNS_PREFIX)
        return [folder.removeprefix("user=") for folder in folders]

    def _rolling(self, user_id: str) -> Rolling:
        return Rolling(self.bucket, self.catalog, user_id)

    def _remove_orphan_parts(self, user_id: str) -> int:
        """Delete old parts and rollups that the catalog does not name. It is read after the
        listing, so what is committed meanwhile is named by then. What a restore undeletes
        meanwhile is safe: the checkpoint, read last, says that there is one."""
        prefixes = (f"{RUNS_PREFIX}user={user_id}/", f"{ROLLUPS_PREFIX}user={user_id}/")
        aged = [
            stored.key
            for prefix in prefixes
            for stored in self.bucket.list(prefix)
            if _aged(stored.modified_s)
        ]
        days = self.catalog.days(user_id)
        named = {part.key for day in days for part in day.parts}
        named |= {day.rollup.key for day in days if day.rollup}
        named |= {month.key for month in self.catalog.months(user_id)}
        orphans = [key for key in aged if key not in named]
        if self.catalog.checkpoint(user_id).restoring:
            return 0
        self.bucket.delete(orphans)
        return len(orphans)

    def _remove_orphan_versions(self, user_id: str) -> int:
        """Make the version that the catalog names the newest of each dataset object, so that
        it never expires. The catalog is read after the listing, so what is committed
        meanwhile is named by then."""
        history: dict[str, list[StoredVersion]] = {}
        for version in self.bucket.history(f"{DATASETS_PREFIX}{user_id}/"):
            history.setdefault(version.key, []).append(version)
        items = self.catalog.table.query(partition(user_id), prefix=DATASET_PREFIX)
        records = [dataset_record(item) for item in items if item["sk"].endswith("#BASE")]
        named = {volume.key: volume.version_id for each in records for volume in each.volumes}
        if self.catalog.checkpoint(user_id).restoring:
            return 0
        return sum(
            self._remove_above(versions, named.get(key, "")) for key, versions in history.items()
        )

    def _remove_above(self, versions: list[StoredVersion], named: str) -> int:
        """Remove what lies above the named version of an object: each commit writes above the
        one before, so no commit ever named it. Without a named version, delete the object."""
        latest = next((each for each in versions if each.is_latest), None)
        if latest is None or latest.version_id == named or not _aged(latest.modified_s):
            return 0
        order = [each.version_id for each in versions if not each.is_delete_marker]
        if not named:
            self.bucket.delete([] if latest.is_delete_marker else [latest.key])
            return int(not latest.is_delete_marker)
        if named not in order:
            return 0
        above = set(order[: order.index(named)])
        found = [each for each in versions if each.version_id in above and _aged(each.modified_s)]
        markers = [latest] if latest.is_delete_marker else []
        self.bucket.delete_history([*found, *markers])
        return len(found) + len(markers)


def _aged(modified_s: float) -> bool:
    return modified_s < clock.now_s() - ORPHAN_AGE_S
