"""Vacuum: removes objects and versions that nothing needs any more.

- `delete_garbage`: what a tombstone's step replaced.
- `Orphans`: parts, rollups and versions that the catalog does not name. They were replaced, or
  left by compactions that died between writing and committing. What a commit of the recovery
  window may name is deleted below a marker, so that the bucket keeps it; only what no commit
  ever named goes for good.
- `Expiry`: what the recovery window no longer needs, for good, where no lifecycle rule does it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared import clock
from shared.aws import Bucket, StoredVersion
from shared.storage.log.object_keys import (
    DATASETS_PREFIX,
    FOLDED_PREFIX,
    ROLLUPS_PREFIX,
    RUNS_PREFIX,
)
from shared.storage.log.records import DATASET_PREFIX, Garbage, dataset_record, partition
from shared.storage.log.user_log import UserLog

# Older than any function may run: what is younger may be about to be committed.
ORPHAN_AGE_S = 3_600
_DAY_S = 86_400
_EXPORTS_PREFIX = "exports/"


def delete_garbage(bucket: Bucket, garbage: Iterable[Garbage]) -> None:
    """Delete what a tombstone replaced. Versions that a newer one covers are so already."""
    bucket.delete(each.key for each in garbage if _is_in_the_way(bucket, each))


def _is_in_the_way(bucket: Bucket, garbage: Garbage) -> bool:
    """Whether a reader of the key finds what was replaced."""
    latest = bucket.latest(garbage.key)
    if latest is None or latest.is_delete_marker:
        return False
    return not garbage.version_id or (garbage.inclusive and latest.version_id == garbage.version_id)


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
        what is committed meanwhile is named by then.
        """
        history: dict[str, list[StoredVersion]] = {}
        for version in self.log.bucket.history(f"{DATASETS_PREFIX}{self.log.user_id}/"):
            history.setdefault(version.key, []).append(version)
        items = self.log.catalog.table.query(partition(self.log.user_id), prefix=DATASET_PREFIX)
        records = [dataset_record(item) for item in items if item["sk"].endswith("#BASE")]
        volumes = [volume for each in records for volume in each.volumes]
        named = {volume.key: volume.version_id for volume in volumes}
        # Written once, as their keys say.
        for key in {columns.key for volume in volumes for columns in volume.columns}:
            history.pop(key, None)
        if self.log.checkpoint().restoring:
            return 0
        return sum(
            self._remove_above(versions, named.get(key, "")) for key, versions in history.items()
        )

    def _remove_above(self, versions: list[StoredVersion], named: str) -> int:
        """Remove what is above the named version of an object: each commit writes above the
        one before, so no commit ever named it. Without a named version, delete the object.
        """
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


@dataclass(frozen=True)
class Expiry:
    """The expiry of one bucket, after so many days.

    On AWS the bucket's lifecycle rules do this; an emulator keeps the rules and ignores them,
    so the daily upkeep of a local cloud does the same, by the same times. As there, a version
    counts from the moment when another, or a marker, took its place: never by its own age.
    """

    bucket: Bucket
    days: int

    def carry_out(self, may_go_on: Callable[[], bool]) -> int:
        """Delete what expired, while there is time; how many versions and markers."""
        removed = 0
        for folder in self.bucket.list_folders("", with_deleted=True):
            if not may_go_on():
                break
            expired = list(self._expired(f"{folder}/"))
            self.bucket.delete_history(expired)
            removed += len(expired)
        return removed

    def _expired(self, prefix: str) -> Iterator[StoredVersion]:
        history: dict[str, list[StoredVersion]] = {}
        for entry in self.bucket.history(prefix):
            history.setdefault(entry.key, []).append(entry)
        current_s, noncurrent_s = self._cutoffs(prefix)
        for entries in history.values():
            newest_first = sorted(entries, key=lambda e: (e.is_latest, e.modified_s), reverse=True)
            yield from _expired_of(newest_first, current_s, noncurrent_s)

    def _cutoffs(self, prefix: str) -> tuple[float, float]:
        """Objects that are older than the first have expired, and versions replaced before the
        second: the rules of the template.
        """
        now = clock.now_s()
        if prefix == FOLDED_PREFIX:
            return now - self.days * _DAY_S, now - _DAY_S
        if prefix == _EXPORTS_PREFIX:
            return now - _DAY_S, now - _DAY_S
        return 0.0, now - self.days * _DAY_S


def _expired_of(
    newest_first: Sequence[StoredVersion], current_s: float, noncurrent_s: float
) -> Iterator[StoredVersion]:
    latest = newest_first[0]
    replaced = pairwise(newest_first)
    gone = [older for newer, older in replaced if newer.modified_s < noncurrent_s]
    yield from gone
    alone = len(gone) == len(newest_first) - 1
    if alone and (latest.is_delete_marker or latest.modified_s < current_s):
        yield latest
