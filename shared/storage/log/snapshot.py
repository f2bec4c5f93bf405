"""Consistent reads while others append, fold and take things back.

The order is the proof: read the checkpoint, list the segments, read tombstones and catalog
items, read the checkpoint again. The process that commits generation g+1 has first deleted every
segment that generation g covered, so between two equal checkpoints of generation g a
listed segment is either covered by g (named in `last_committed`, or marked) or by none;
and a write that was acknowledged before the read began is either listed or covered.
Another generation at the end means: once more. Objects are read after that: they are
immutable, so one is either as the catalog says or gone; gone means once more, too.

The first checkpoint, with tombstones and items, may be that of an earlier snapshot of the process
(`shared.storage.log.kept`): when the one that is read after the listing equals it, nothing was
committed since, and the snapshot is as good as one whose checkpoint was read twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shared.aws import Item, side_by_side
from shared.deadlines import current_deadline
from shared.errors import Unavailable
from shared.observability import logger
from shared.runs import Run
from shared.storage.log.kept import Committed, keep, take_kept
from shared.storage.log.live_segments import live_segments
from shared.storage.log.overtaken import Overtaken, retry_when_overtaken
from shared.storage.log.records import (
    DATASET_PREFIX,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    MonthRecord,
    Volume,
    partition,
)
from shared.storage.log.segments import PendingSegment, SegmentUnreadable
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

_ATTEMPTS = 30
# A storm of commits passes; waiting for it costs less than reading again and again.
_LONGEST_PAUSE_S = 0.4

Result = TypeVar("Result")


@dataclass
class Snapshot:
    """What one user has at one generation: the committed part and what is pending.

    Looking at an object seals what was read from the catalog so far, by another look at
    the checkpoint; best read all items first.
    """

    log: UserLog
    committed: Committed
    pending: tuple[PendingSegment, ...]
    sealed: bool = field(default=False, init=False)
    _pending_runs: list[Run] | None = field(default=None, init=False)

    @property
    def checkpoint(self) -> Checkpoint:
        """The generation that it is a snapshot of."""
        return self.committed.checkpoint

    @property
    def tombstones(self) -> tuple[Tombstone, ...]:
        """What is taken back and still in objects."""
        return self.committed.tombstones

    @property
    def reverted_batches(self) -> frozenset[str]:
        """Batches that were taken back, whose folded rows are still in the volumes.

        Readers leave out rows that carry one of these ids.
        """
        return frozenset(tombstone.batch_id for tombstone in self.tombstones if tombstone.rows)

    def hidden(self, dataset: str) -> tuple[int, int]:
        """How many of the folded rows of a dataset are taken back, and their bytes."""
        tombstones = [tombstone for tombstone in self.tombstones if tombstone.dataset == dataset]
        return sum(tombstone.rows for tombstone in tombstones), sum(
            tombstone.bytes for tombstone in tombstones
        )

    def dataset_items(self) -> list[Item]:
        """Everything the catalog holds about datasets, adapters included."""
        self.sealed = False
        return list(
            self.log.catalog.table.query(partition(self.log.user_id), prefix=DATASET_PREFIX)
        )

    def dataset(self, name: str) -> DatasetRecord | None:
        """The folded part of a dataset."""
        self.sealed = False
        return self.log.dataset(name)

    def days(self, first: str, last: str) -> list[DayRecord]:
        """The folded days between two dates, both included; read once."""
        for (start, end), days in self.committed.days.items():
            if start <= first and last <= end:
                return [each for each in days if first <= each.day <= last]
        self.sealed = False
        self.committed.days[first, last] = self.log.days(first, last)
        return self.committed.days[first, last]

    def months(self, first: str, last: str) -> list[MonthRecord]:
        """The gathered months between two, both included; read once."""
        if (first, last) not in self.committed.months:
            self.sealed = False
            self.committed.months[first, last] = self.log.months(first, last)
        return self.committed.months[first, last]

    def pending_of(self, dataset: str) -> list[PendingSegment]:
        """The segments with rows of a dataset that are not folded, in append order."""
        return [
            segment
            for segment in self.pending
            if segment.name.dataset == dataset and segment.live_rows
        ]

    def pending_rows(
        self, segments: Sequence[PendingSegment]
    ) -> Iterator[tuple[PendingSegment, list[bytes]]]:
        """Pending segments with their rows, as JSON lines without ends; some are fetched ahead.

        Unreadable ones are left to the compaction.
        """
        self.seal()
        rows = side_by_side(self._rows_of, segments, weight=lambda each: each.name.offset)
        return zip(segments, rows, strict=True)

    def _rows_of(self, segment: PendingSegment) -> list[bytes]:
        body = self.log.bucket.get(segment.name.key, end=segment.name.offset)
        try:
            return segment.rows_of(body).split(b"\n")[:-1]
        except SegmentUnreadable:
            logger().warning("segment_unreadable", user_id=self.log.user_id)
            return []

    def pending_runs(self) -> list[Run]:
        """All runs that are not folded; read once. Unreadable ones are left to the compaction."""
        if self._pending_runs is None:
            self.seal()
            with_runs = [segment for segment in self.pending if segment.name.runs]
            found = side_by_side(self._runs_of, with_runs, weight=_bytes_of_runs)
            self._pending_runs = [run for runs in found for run in runs]
        return self._pending_runs

    def _runs_of(self, segment: PendingSegment) -> list[Run]:
        body = self.log.bucket.get(segment.name.key, start=segment.name.offset)
        try:
            return segment.runs_of(body)
        except SegmentUnreadable:
            logger().warning("segment_unreadable", user_id=self.log.user_id)
            return []

    def volume_bytes(self, volume: Volume, start: int, end: int) -> bytes:
        """Bytes of a volume of folded rows."""
        self.seal()
        return self.log.bucket.get(volume.key, version_id=volume.version_id, start=start, end=end)

    def seal(self) -> None:
        """Make sure that what was read from the catalog belongs together."""
        if not self.sealed:
            if self.log.checkpoint() != self.checkpoint:
                raise Overtaken
            self.sealed = True


def read_snapshot(log: UserLog, read: Callable[[Snapshot], Result]) -> Result:
    """The result of `read` over a consistent snapshot.

    `read` may run several times and must be done when it returns (no generators).
    Raises Unavailable when commits overtake thirty attempts in a row, and QueryTimedOut when
    the call's deadline has passed.
    """

    def attempt() -> Result:
        current_deadline().check()
        snapshot = _begun(log)
        result = read(snapshot)
        snapshot.seal()
        keep(log, snapshot.committed)
        return result

    return retry_when_overtaken(attempt, attempts=_ATTEMPTS, pause_s=_pause_s, retry_after_s=1)


def _pause_s(attempt: int) -> float:
    return min(_LONGEST_PAUSE_S, 0.02 * max(0, attempt - 2))


def begin_snapshot(log: UserLog) -> Snapshot:
    """A snapshot that is not sealed yet; for writers that fence by its generation.

    Raises Unavailable while an operator puts an earlier state back.
    """
    return _snapshot_at(log, log.checkpoint())


def _begun(log: UserLog) -> Snapshot:
    """A snapshot of what is kept, if that is in force; it is sealed then. Else a new one."""
    kept = take_kept(log)
    if kept is None:
        return begin_snapshot(log)
    snapshot = _snapshot(log, kept)
    checkpoint = log.checkpoint()
    if checkpoint != kept.checkpoint:
        return _snapshot_at(log, checkpoint)
    snapshot.sealed = True
    return snapshot


def _snapshot_at(log: UserLog, checkpoint: Checkpoint) -> Snapshot:
    if checkpoint.restoring:
        detail = "the data is being restored to an earlier state; ask again in a minute"
        raise Unavailable(detail, code="storage_busy", retry_after_s=60)
    return _snapshot(log, checkpoint)


def _snapshot(log: UserLog, known: Checkpoint | Committed) -> Snapshot:
    """A snapshot of what was read before: a checkpoint, or more of its generation."""
    listed = list(log.pending())
    if isinstance(known, Checkpoint):
        known = Committed(known, log.tombstones() if known.tombstones else ())
    live = live_segments(log, known.checkpoint, listed, known.tombstones)
    return Snapshot(log, known, tuple(live))


def _bytes_of_runs(segment: PendingSegment) -> int:
    return segment.size - segment.name.offset
