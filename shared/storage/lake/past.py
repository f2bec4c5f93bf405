"""What one user's storage was at an earlier moment, and where its objects are now.

The catalog of then (`past`) comes from the table's point-in-time recovery. It names the
objects; each is found as it is, below a delete marker, as an older version, or (a dataset's
rows) as the beginning of a longer version. What was pending is found by generations, never
by comparing clocks: below `segments/` and in the archive of folds that came later. Nothing
here changes anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from shared.aws import StoredVersion
from shared.storage.lake.past_catalog import PastCatalog
from shared.storage.lake.stored_counts import StoredCounts
from shared.storage.lake.volumes import crc_of
from shared.storage.log.archive import Archive, KeptSegment
from shared.storage.log.kept import Committed
from shared.storage.log.live_segments import live_segments
from shared.storage.log.records import (
    Volume,
)
from shared.storage.log.segments import PendingSegment, SegmentName
from shared.storage.log.snapshot import Snapshot
from shared.storage.log.user_log import UserLog


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A volume of then, and the version that begins with its bytes; `current` when that is the
    newest version and nothing else.
    """

    volume: Volume
    source: str
    size: int
    current: bool


@dataclass
class Past:
    """The objects of one user's storage at a moment, as they are found now.

    `log` has the bucket of now and the catalog of then.
    """

    log: UserLog
    moment_s: float
    catalog: PastCatalog = field(init=False)
    listed: list[PendingSegment] = field(init=False)
    kept: dict[str, KeptSegment] = field(init=False)
    volumes: list[Found] = field(default_factory=list, init=False)
    deleted_keys: list[str] = field(default_factory=list, init=False)
    markers: list[StoredVersion] = field(default_factory=list, init=False)
    missing: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.catalog = PastCatalog.read(self.log)
        self.listed = list(self.log.pending())
        generation = self.catalog.checkpoint.generation
        archived = Archive(self.log.bucket, self.log.user_id).pending_at(generation, self.moment_s)
        self.kept = {segment.file_name: segment for segment in archived}
        self._find_keys()
        for record in self.catalog.datasets.values():
            for volume in record.volumes:
                self._find_volume(volume)
        partial = self.catalog.checkpoint.partial
        if partial and partial not in {*self.kept, *(s.name.file_name for s in self._stays())}:
            self.missing.append(f"segments/{self.log.user_id}/{partial}")

    @property
    def came_later(self) -> list[PendingSegment]:
        """The segments that are pending now and were not there then."""
        staying = {segment.name.file_name for segment in self._stays()}
        return [segment for segment in self.listed if segment.name.file_name not in staying]

    @property
    def to_put(self) -> list[KeptSegment]:
        """The segments that were pending then and are folded or taken out by now."""
        there = {segment.name.file_name for segment in self.listed}
        return [kept for name, kept in self.kept.items() if name not in there]

    def figures(self) -> StoredCounts:
        """What readers found then."""
        checkpoint, tombstones = self.catalog.checkpoint, tuple(self.catalog.tombstones)
        put_back = [_pending(self.log.user_id, kept) for kept in self.to_put]
        listed = sorted([*self._stays(), *put_back], key=lambda each: each.name.file_name)
        live = live_segments(self.log, checkpoint, listed, tombstones)
        snapshot = Snapshot(self.log, Committed(checkpoint, tombstones), tuple(live))
        return StoredCounts.of(snapshot)

    def _stays(self) -> Iterator[PendingSegment]:
        for segment in self.listed:
            if segment.stored_s <= self.moment_s or segment.name.file_name in self.kept:
                yield segment

    def _find_keys(self) -> None:
        """Parts, rollups and months: each key was written once."""
        versions: set[str] = set()
        markers: list[StoredVersion] = []
        there: set[str] = set()
        for kind in ("runs", "rollups"):
            for entry in self.log.bucket.history(f"{kind}/user={self.log.user_id}/"):
                if entry.is_delete_marker:
                    markers.append(entry)
                    continue
                versions.add(entry.key)
                if entry.is_latest:
                    there.add(entry.key)
        hidden = self.catalog.keys - there
        self.missing += sorted(hidden - versions)
        self.deleted_keys = sorted(hidden & versions)
        self.markers = [marker for marker in markers if marker.key in hidden]

    def _find_volume(self, volume: Volume) -> None:
        if not volume.version_id:
            return
        history = [
            entry for entry in self.log.bucket.history(volume.key) if entry.key == volume.key
        ]
        versions = [entry for entry in history if not entry.is_delete_marker]
        exact = next((each for each in versions if each.version_id == volume.version_id), None)
        found = exact or next(filter(lambda each: self._begins(each, volume), versions[::-1]), None)
        if found is None:
            self.missing.append(f"{volume.key}?versionId={volume.version_id}")
            return
        current = found.is_latest and found.size == volume.bytes
        self.volumes.append(
            Found(volume=volume, source=found.version_id, size=found.size, current=current)
        )

    def _begins(self, version: StoredVersion, volume: Volume) -> bool:
        """Whether a version begins with the bytes that a volume had."""
        if volume.crc is None or version.size < volume.bytes:
            return False
        return crc_of(self.log.bucket, volume.key, version.version_id, volume.bytes) == volume.crc


def _pending(user_id: str, kept: KeptSegment) -> PendingSegment:
    name = SegmentName.parse(f"segments/{user_id}/{kept.file_name}")
    return PendingSegment(name, len(kept.body), stored_s=kept.stored_s)
