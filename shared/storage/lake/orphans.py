"""Orphans: Parquet parts, rollups and dataset objects that the catalog does not name.

They were replaced, or left by compactions that died between writing and committing. What a
commit of the recovery window may name is deleted below a marker, so that the bucket keeps
it; only what no commit ever named goes for good.
"""

from dataclasses import dataclass

from shared import clock
from shared.aws import StoredVersion
from shared.storage.lake.optimize import ROLLUPS_PREFIX
from shared.storage.log.records import DATASET_PREFIX, dataset_record, partition
from shared.storage.log.user_log import UserLog

# Older than any function may run: what is younger may be about to be committed.
ORPHAN_AGE_S = 3_600
RUNS_PREFIX = "runs/"
DATASETS_PREFIX = "data/users/"


@dataclass(frozen=True)
class Orphans:
    """The orphans of one user."""

    log: UserLog

    def remove_parts(self) -> int:
        """Delete old parts and rollups that the catalog does not name; how many.

        It is read after the listing, so what is committed meanwhile is named by then. What
        a restore undeletes meanwhile is safe: the checkpoint, read last, says that there
        is one.
        """
        prefixes = (
            f"{RUNS_PREFIX}user={self.log.user_id}/",
            f"{ROLLUPS_PREFIX}user={self.log.user_id}/",
        )
        aged = [
            stored.key
            for prefix in prefixes
            for stored in self.log.bucket.list(prefix)
            if _aged(stored.modified_s)
        ]
        days = self.log.days()
        named = {part.key for day in days for part in day.parts}
        named |= {day.rollup.key for day in days if day.rollup}
        named |= {month.key for month in self.log.months()}
        orphans = [key for key in aged if key not in named]
        if self.log.checkpoint().restoring:
            return 0
        self.log.bucket.delete(orphans)
        return len(orphans)

    def remove_versions(self) -> int:
        """Make the version that the catalog names the newest of each dataset object, so that
        it never expires; how many were removed. The catalog is read after the listing, so
        what is committed meanwhile is named by then."""
        history: dict[str, list[StoredVersion]] = {}
        for version in self.log.bucket.history(f"{DATASETS_PREFIX}{self.log.user_id}/"):
            history.setdefault(version.key, []).append(version)
        items = self.log.catalog.table.query(partition(self.log.user_id), prefix=DATASET_PREFIX)
        records = [dataset_record(item) for item in items if item["sk"].endswith("#BASE")]
        named = {volume.key: volume.version_id for each in records for volume in each.volumes}
        if self.log.checkpoint().restoring:
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
            self.log.bucket.delete([] if latest.is_delete_marker else [latest.key])
            return int(not latest.is_delete_marker)
        if named not in order:
            return 0
        above = set(order[: order.index(named)])
        found = [each for each in versions if each.version_id in above and _aged(each.modified_s)]
        markers = [latest] if latest.is_delete_marker else []
        self.log.bucket.delete_history([*found, *markers])
        return len(found) + len(markers)


def _aged(modified_s: float) -> bool:
    return modified_s < clock.now_s() - ORPHAN_AGE_S
