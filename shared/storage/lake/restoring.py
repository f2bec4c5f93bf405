"""Puts one user's storage back to an earlier moment, while all others go on (decision 0030).

The user's checkpoint is held first: readers are asked to come back, commits are refused.
Then segments, objects and items become what they were, and the checkpoint is released in
a generation above all there were. Nothing is lost by it: what was pending goes into the
archive, what was current stays in the bucket's history, so a restore can be taken back by
another one, to a moment before it. Done again after a crash, it goes on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import Bucket, Item, Update
from shared.errors import EvalyardError
from shared.storage.lake.past import Found, Past, StoredCounts
from shared.storage.log.archive import Archive, KeptSegment
from shared.storage.log.catalog import Catalog
from shared.storage.log.object_keys import FOLDED_PREFIX, SEGMENTS_PREFIX
from shared.storage.log.overtaken import retry_when_overtaken
from shared.storage.log.records import CHECKPOINT, DatasetRecord, Volume, item_of, partition
from shared.storage.log.snapshot import read_snapshot
from shared.storage.log.user_log import UserLog

_FLUSHED_AT = 500
_SETTLING_S = 10
# S3 copies parts of at least 5 MiB.
_COPY_FROM_BYTES = 5 * 2**20
# Whose turn it is now has nothing to do with the past.
_LEASES = "LEASE#"


class RestoreImpossible(EvalyardError):
    """The state of that moment cannot be put together; `missing` names what is gone."""

    code = "restore_impossible"

    def __init__(self, detail: str, missing: list[str]) -> None:
        super().__init__(detail)
        self.missing = missing


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore of a user changes, or would: before it, and after it, what there is."""

    user_id: str
    before: StoredCounts | None
    after: StoredCounts
    segments_put: int
    segments_archived: int
    objects_undeleted: int
    volumes_copied: int
    items_put: int = 0
    items_deleted: int = 0


@dataclass(frozen=True)
class Restoration:
    """The restore of a bucket and a catalog to the moment of which `past` is the catalog."""

    bucket: Bucket
    catalog: Catalog
    past: Catalog
    moment_s: float

    def look(self, user_id: str) -> Restored:
        """What `carry_out` would do; changes nothing. Raises RestoreImpossible."""
        past = self._past(user_id)
        present = None if self._held(user_id) else self._figures(user_id)
        return _restored(past, present)

    def users(self) -> list[str]:
        """Who may have been there: in the catalog of then, or by what is pending or kept."""
        known = {
            key.removeprefix(partition("")) for key in self.past.table.partitions(partition(""))
        }
        folders = (
            self.bucket.list_folders(prefix, with_deleted=True)
            for prefix in (SEGMENTS_PREFIX, FOLDED_PREFIX)
        )
        return sorted(known.union(*folders))

    def was_there(self, user_id: str) -> bool:
        """Whether the user had anything then: who came later keeps what is there."""
        items = self.past.table.query(partition(user_id), limit=1)
        return next(items, None) is not None or bool(self.look(user_id).after.pending)

    def carry_out(self, user_id: str) -> Restored:
        """Put the user's storage back. Raises RestoreImpossible, before anything is changed."""
        before = self.look(user_id).before
        generation = self._hold(user_id)
        self._let_others_finish(user_id)
        past = self._past(user_id)
        self._put_segments(past, generation)
        self.bucket.delete_history(past.markers)
        put, deleted = self._put_items(past)
        # What another process deleted late, of the last commit before this.
        self.bucket.delete_history(self._past(user_id).markers)
        self._release(past, generation)
        self._log(user_id).wake()
        done = _restored(past, before)
        return msgspec.structs.replace(done, items_put=put, items_deleted=deleted)

    def _let_others_finish(self, user_id: str) -> None:
        """Wait for the process that made the last commit to delete what that covers, unless it
        died: it must not delete what is put back.
        """
        covered = set(self.catalog.checkpoint(user_id).last_committed)
        for _ in range(_SETTLING_S):
            listed = self._log(user_id).pending()
            if not any(segment.name.file_name in covered for segment in listed):
                return
            clock.sleep(1.0)

    def _log(self, user_id: str) -> UserLog:
        return UserLog(self.bucket, self.catalog, user_id)

    def _past(self, user_id: str) -> Past:
        past = Past(UserLog(self.bucket, self.past, user_id), self.moment_s)
        torn = past.catalog.torn(self.moment_s)
        if torn:
            raise RestoreImpossible(f"{torn}; choose a moment some seconds earlier", [])
        if past.missing:
            raise RestoreImpossible("objects of that moment are gone", past.missing)
        return past

    def _held(self, user_id: str) -> bool:
        return self.catalog.checkpoint(user_id).restoring

    def _figures(self, user_id: str) -> StoredCounts:
        return read_snapshot(self._log(user_id), StoredCounts.of)

    def _hold(self, user_id: str) -> int:
        """Hold the checkpoint in a generation above all that anything was kept of."""
        then = self.past.checkpoint(user_id).generation

        def attempt() -> int:
            before = self.catalog.checkpoint(user_id)
            if before.restoring:
                return before.generation
            newest = max(before.generation, then)
            newest = Archive(self.bucket, user_id).newest_generation(newest)
            held = {"generation": newest + 1, "restoring": True}
            self._move_checkpoint(user_id, before.generation, held)
            return newest + 1

        return retry_when_overtaken(attempt)

    def _move_checkpoint(self, user_id: str, before: int, after: Item) -> None:
        """Raises ConditionFailed when the checkpoint is of another generation."""
        after = {**after, "updated_us": clock.now_us()}
        only_if = {"generation": before or None}
        self.catalog.table.update(
            Update(partition(user_id), CHECKPOINT, set=after, only_if=only_if)
        )

    def _put_segments(self, past: Past, generation: int) -> None:
        """Make pending what was. What came later is archived first, under the generation of
        this restore: a restore to a moment before it finds it there.
        """
        later = [(each, self.bucket.get(each.name.key)) for each in past.came_later]
        kept = [KeptSegment.of(segment, body) for segment, body in later]
        Archive(self.bucket, past.log.user_id).keep(generation, kept)
        self.bucket.delete(segment.name.key for segment, _ in later)
        for segment in past.to_put:
            self.bucket.put(
                f"{SEGMENTS_PREFIX}{past.log.user_id}/{segment.file_name}", segment.body
            )

    def _put_items(self, past: Past) -> tuple[int, int]:
        """Make the user's items what they were, but for the checkpoint; how many were put and
        how many deleted.
        """
        records = self._records(past)
        then = (
            {**item, **records.get(item["sk"], {})}
            for item in self.past.table.query(partition(past.log.user_id))
        )
        now = self.catalog.table.query(partition(past.log.user_id))
        put, deleted = _Puts(self.catalog), 0
        for old, new in _differences(_lasting(now), _lasting(then)):
            if new is not None:
                put.add(new)
            elif old is not None:
                self.catalog.table.delete(old["pk"], old["sk"])
                deleted += 1
        put.flush()
        return put.count, deleted

    def _records(self, past: Past) -> dict[str, Item]:
        """The items of datasets of then, naming versions that are the newest now: a version that
        is not would expire.
        """
        found = {(each.volume.key, each.volume.version_id): each for each in past.volumes}
        records = {}
        for sort_key, record in past.catalog.datasets.items():
            there = self.catalog.dataset(past.log.user_id, record.name) or record
            volumes = tuple(
                self._current(found[volume.key, volume.version_id], there)
                if volume.version_id
                else volume
                for volume in record.volumes
            )
            after = msgspec.structs.replace(record, volumes=volumes)
            records[sort_key] = item_of(past.log.user_id, sort_key, after)
        return records

    def _current(self, found: Found, there: DatasetRecord) -> Volume:
        volume = found.volume
        if found.current:
            return msgspec.structs.replace(volume, version_id=found.source)
        copied = self._copied_before(volume, there)
        version_id = copied or self._copy(found)
        return msgspec.structs.replace(volume, version_id=version_id, superseded=())

    def _copied_before(self, volume: Volume, there: DatasetRecord) -> str:
        """The version of the same bytes that is the newest already, as the catalog names it."""
        if volume.crc is None:
            return ""
        same = [
            each.version_id
            for each in there.volumes
            if (each.key, each.bytes, each.crc) == (volume.key, volume.bytes, volume.crc)
        ]
        latest = self.bucket.latest(volume.key)
        return latest.version_id if latest and latest.version_id in same else ""

    def _copy(self, found: Found) -> str:
        volume, source = found.volume, found.source
        if volume.bytes < _COPY_FROM_BYTES:
            body = self.bucket.get(volume.key, version_id=source, end=volume.bytes)
            return self.bucket.put(volume.key, body, "application/x-ndjson").version_id
        cut = self.bucket.put_cut(volume.key, source, found.size, volume.bytes, found.size)
        return cut.version_id

    def _release(self, past: Past, generation: int) -> None:
        checkpoint = msgspec.structs.replace(
            past.catalog.checkpoint, generation=generation + 1, items=0
        )
        self._move_checkpoint(past.log.user_id, generation, msgspec.to_builtins(checkpoint))


@dataclass
class _Puts:
    """Items that are put many at a time."""

    catalog: Catalog
    count: int = 0

    def __post_init__(self) -> None:
        self._waiting: list[Item] = []

    def add(self, item: Item) -> None:
        self._waiting.append(item)
        self.count += 1
        if len(self._waiting) == _FLUSHED_AT:
            self.flush()

    def flush(self) -> None:
        self.catalog.table.put_many(self._waiting)
        self._waiting = []


def _lasting(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if item["sk"] != CHECKPOINT and not item["sk"].startswith(_LEASES):
            yield item


def _differences(
    now: Iterator[Item], then: Iterator[Item]
) -> Iterator[tuple[Item | None, Item | None]]:
    """Pairs of an item now and then that are not the same, both in order of their sort keys;
    None where there is no such item.
    """
    old, new = next(now, None), next(then, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old["sk"] < new["sk"]):
            yield old, None
            old = next(now, None)
        elif old is None or new["sk"] < old["sk"]:
            yield None, new
            new = next(then, None)
        else:
            if old != new:
                yield old, new
            old, new = next(now, None), next(then, None)


def _restored(past: Past, before: StoredCounts | None) -> Restored:
    return Restored(
        user_id=past.log.user_id,
        before=before,
        after=past.figures(),
        segments_put=len(past.to_put),
        segments_archived=len(past.came_later),
        objects_undeleted=len(past.deleted_keys),
        volumes_copied=sum(not each.current for each in past.volumes),
    )
