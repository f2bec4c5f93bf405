"""Puts one user's storage back to an earlier moment, while all others go on (decision 0030).

The user's checkpoint is held first: readers are asked to come back, commits are refused.
Then segments, objects and items become what they were, and the checkpoint is released in
a generation above all there were. Nothing is lost by it: what was pending goes into the
archive, what was current stays in the bucket's history, so a restore can be taken back by
another one, to a moment before it. Done again after a crash, it goes on.
"""

from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import Bucket, Item, Update
from shared.errors import EvalyardError
from shared.storage.lake.past import Past
from shared.storage.lake.restored_items import RestoredItems
from shared.storage.lake.stored_counts import StoredCounts
from shared.storage.log.archive import Archive, KeptSegment
from shared.storage.log.catalog import Catalog
from shared.storage.log.object_keys import FOLDED_PREFIX, SEGMENTS_PREFIX
from shared.storage.log.overtaken import retry_when_overtaken
from shared.storage.log.records import CHECKPOINT, partition
from shared.storage.log.snapshot import read_snapshot
from shared.storage.log.user_log import UserLog

_SETTLING_S = 10


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
        put, deleted = RestoredItems(self._log(user_id), past).put()
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

    def _release(self, past: Past, generation: int) -> None:
        checkpoint = msgspec.structs.replace(
            past.catalog.checkpoint, generation=generation + 1, items=0
        )
        self._move_checkpoint(past.log.user_id, generation, msgspec.to_builtins(checkpoint))


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
