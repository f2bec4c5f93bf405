"""Consistent reads while others append and fold.

The order is the proof: read the checkpoint, list the segments, read items and
objects, read the checkpoint again. Whoever commits generation g+1 has first deleted
every segment that generation g covered, so between two equal checkpoints of
generation g a listed segment is either covered by g (named in `last_committed`, or
marked) or by none; and a write that was acknowledged before the read began is either
listed or covered. Another generation at the end, or an object that is gone, means:
once more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from shared.aws import Bucket, Item, ObjectMissing
from shared.errors import Unavailable
from shared.runs import Run
from shared.storage.catalog import (
    DATASET_PREFIX,
    Catalog,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    partition,
)
from shared.storage.segments import PendingSegment, SegmentLog

_ATTEMPTS = 8

Result = TypeVar("Result")


@dataclass(frozen=True)
class Snapshot:
    """What one user has at one generation: the committed part and what is pending."""

    user_id: str
    bucket: Bucket
    catalog: Catalog
    checkpoint: Checkpoint
    pending: tuple[PendingSegment, ...]

    @property
    def undone_batches(self) -> frozenset[str]:
        """Batches that were taken back, whose folded rows and runs are still in the objects.

        Readers leave out rows and runs that carry one of these ids.
        """
        return frozenset()

    def dataset_items(self) -> list[Item]:
        """Everything the catalog holds about datasets, adapters included."""
        return list(self.catalog.table.query(partition(self.user_id), prefix=DATASET_PREFIX))

    def dataset(self, name: str) -> DatasetRecord | None:
        """The folded part of a dataset."""
        return self.catalog.dataset(self.user_id, name)

    def pending_of(self, dataset: str) -> list[PendingSegment]:
        """The segments with rows of a dataset that are not folded, in append order."""
        return [
            segment
            for segment in self.pending
            if segment.name.dataset == dataset and segment.name.rows and not segment.rows_folded
        ]

    def pending_rows(self, segment: PendingSegment) -> list[bytes]:
        """The rows of a pending segment, as JSON lines without ends."""
        body = self.bucket.get(segment.name.key, end=segment.name.offset)
        return body.splitlines()

    def pending_runs(self) -> Iterator[Run]:
        """All runs that are not folded."""
        for segment in self.pending:
            if segment.name.runs:
                body = self.bucket.get(segment.name.key, start=segment.name.offset)
                yield from segment.runs_of(body)

    def days(self, first: str, last: str) -> list[DayRecord]:
        """The folded days between two dates, both included."""
        return self.catalog.days(self.user_id, first, last)


def read_snapshot(
    bucket: Bucket, catalog: Catalog, user_id: str, read: Callable[[Snapshot], Result]
) -> Result:
    """The result of `read` over a consistent snapshot.

    `read` may run several times and must be done when it returns (no generators).
    Raises Unavailable when commits overtake eight attempts in a row.
    """
    for _ in range(_ATTEMPTS):
        snapshot = _begin(bucket, catalog, user_id)
        try:
            result = read(snapshot)
        except ObjectMissing:
            continue
        if catalog.checkpoint(user_id).generation == snapshot.checkpoint.generation:
            return result
    raise Unavailable("the data is being reorganised; ask again", code="storage_busy")


def live_segments(
    catalog: Catalog, user_id: str, checkpoint: Checkpoint, listed: list[PendingSegment]
) -> list[PendingSegment]:
    """Those of the listed segments that the checkpoint does not cover, each id once."""
    covered = set(checkpoint.last_committed)
    fresh = [
        segment
        for segment in listed
        if segment.name.file_name not in covered and not _is_twin_of_partial(segment, checkpoint)
    ]
    repeatable = [segment.name.segment_id for segment in fresh if segment.name.repeatable]
    seen = catalog.marked(user_id, repeatable)
    live = []
    for segment in fresh:
        if segment.name.segment_id not in seen:
            seen.add(segment.name.segment_id)
            live.append(_as_folded(segment, checkpoint))
    return live


def _begin(bucket: Bucket, catalog: Catalog, user_id: str) -> Snapshot:
    checkpoint = catalog.checkpoint(user_id)
    listed = list(SegmentLog(bucket).pending(user_id))
    live = live_segments(catalog, user_id, checkpoint, listed)
    return Snapshot(user_id, bucket, catalog, checkpoint, tuple(live))


def _is_twin_of_partial(segment: PendingSegment, checkpoint: Checkpoint) -> bool:
    """Whether the same id was stored again under another name than the one half folded."""
    partial = checkpoint.partial
    return (
        partial is not None
        and partial.startswith(f"{segment.name.segment_id}-")
        and partial != segment.name.file_name
    )


def _as_folded(segment: PendingSegment, checkpoint: Checkpoint) -> PendingSegment:
    if segment.name.file_name != checkpoint.partial:
        return segment
    return replace(segment, rows_folded=True, runs_from_day=checkpoint.partial_from_day)
