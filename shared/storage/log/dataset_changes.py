"""Changes to a dataset that are a commit of their own: it is deleted, or a backfill begins."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from shared import ids
from shared.aws import Update
from shared.errors import Unavailable
from shared.storage.log.commit import Commit, grown_totals
from shared.storage.log.object_keys import dataset_object_key
from shared.storage.log.overtaken import retry_when_overtaken
from shared.storage.log.records import (
    Backfill,
    DatasetRecord,
    Garbage,
    garbage_of_columns,
    partition,
)
from shared.storage.log.segments import SegmentName
from shared.storage.log.snapshot import Snapshot, begin_snapshot
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# An item of DynamoDB has at most 400 KB; a segment's id takes 30 bytes of it.
_MAX_SEGMENTS = 12_000

Saved = TypeVar("Saved")


def delete_dataset(log: UserLog, name: str, *, runs: bool, also: tuple[str, ...] = ()) -> bool:
    """Delete a dataset, and the catalog items under the sort keys `also`; False if there is none.

    Readers see it at once; the compaction removes the objects. With `runs` the runs that
    were made of its rows go, too. Raises Unavailable when commits overtake it again and again.
    """
    found = retry_when_overtaken(lambda: _delete(begin_snapshot(log), name, runs, also))
    if found:
        log.wake()
    return found


def start_backfill(
    log: UserLog, dataset: str, prepare: Callable[[], tuple[Saved, Update, Backfill]]
) -> Saved:
    """Begin to convert the rows of a dataset from its first row on.

    `prepare` gives what to return, an update to commit with it (the adapter), and the
    backfill; it is asked again when another commit came first. Raises Unavailable when
    that happens again and again.
    """

    def attempt() -> Saved:
        before = log.checkpoint()
        saved, update, backfill = prepare()
        record = log.dataset(dataset) or DatasetRecord(name=dataset)
        commit = Commit(log, before)
        commit.update(update)
        commit.put_dataset(msgspec.structs.replace(record, backfill=backfill))
        running = tuple(sorted({*before.backfills, dataset}))
        commit.carry_out(msgspec.structs.replace(before, backfills=running))
        return saved

    saved = retry_when_overtaken(attempt)
    log.wake()
    return saved


def _delete(snapshot: Snapshot, name: str, runs: bool, also: tuple[str, ...]) -> bool:
    log, record = snapshot.log, snapshot.dataset(name) or DatasetRecord(name=name)
    others = [log.catalog.table.get(partition(log.user_id), key) for key in also]
    if not record.exists and not snapshot.pending_of(name) and not any(others):
        return False
    commit = Commit(log, snapshot.checkpoint)
    tombstone = _tombstone(snapshot, record, runs, commit.generation)
    commit.put_tombstone(tombstone)
    for open_tombstone in snapshot.tombstones:
        if open_tombstone.dataset == name and open_tombstone.rows:
            commit.put_tombstone(msgspec.structs.replace(open_tombstone, rows=0, bytes=0))
    emptied = _emptied(record, commit.generation)
    commit.put_dataset(emptied)
    commit.put_totals(grown_totals(log.totals(), [(record, emptied)], {}))
    for key in also:
        commit.delete(key)
    before = snapshot.checkpoint
    commit.carry_out(
        msgspec.structs.replace(
            before,
            tombstones=before.tombstones + 1,
            backfills=tuple(each for each in before.backfills if each != name),
        )
    )
    return True


def _tombstone(snapshot: Snapshot, record: DatasetRecord, runs: bool, generation: int) -> Tombstone:
    segments = [
        segment.name.segment_id
        for segment in snapshot.pending
        if segment.name.dataset == record.name or (runs and _is_import(segment.name))
    ]
    if len(segments) > _MAX_SEGMENTS:
        raise Unavailable(
            "too much is being stored at the moment; ask again in a minute", retry_after_s=60
        )
    return Tombstone(
        tombstone_id=ids.ulid(),
        kind="delete",
        dataset=record.name,
        generation=generation,
        segments=tuple(segments),
        runs=runs,
        garbage=_garbage(snapshot, record),
    )


def _garbage(snapshot: Snapshot, record: DatasetRecord) -> tuple[Garbage, ...]:
    """The dataset's objects, and what a fold may have left that died before its commit: that
    is above the last volume's version, or where the next volume would. A fold that writes there
    now loses to this commit.
    """
    garbage = [
        Garbage(key=volume.key, version_id=volume.version_id, inclusive=True)
        for volume in record.volumes[:-1]
        if volume.version_id
    ]
    garbage += garbage_of_columns(record.volumes)
    number = len(record.volumes)
    for place in {max(number - 1, 0), number}:
        key = dataset_object_key(snapshot.log.user_id, record.name, place)
        versions = snapshot.log.bucket.versions(key)
        if versions:
            garbage.append(Garbage(key=key, version_id=versions[0][0], inclusive=True))
    return tuple(garbage)


def _is_import(name: SegmentName) -> bool:
    """Whether a segment may have runs that say they are of any dataset."""
    return bool(name.runs) and not name.rows


def _emptied(record: DatasetRecord, generation: int) -> DatasetRecord:
    """What stays of a deleted dataset: enough to know that it was deleted, and when."""
    return DatasetRecord(name=record.name, epoch=record.epoch + 1, emptied=generation)
