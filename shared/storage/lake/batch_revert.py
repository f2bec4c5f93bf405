"""Taking a batch back: one append, import or finished job, folded or not."""

from dataclasses import dataclass

import msgspec

from shared import ids
from shared.aws import side_by_side
from shared.errors import NotFound
from shared.storage.lake.parquet import count_runs
from shared.storage.log.commit import Commit
from shared.storage.log.overtaken import retry_when_overtaken
from shared.storage.log.records import BatchRecord, Part, partition
from shared.storage.log.segments import PendingSegment
from shared.storage.log.snapshot import Snapshot, begin_snapshot
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

REVERTED_PREFIX = "UNDONE#"


class BatchNotFound(NotFound):
    """The caller has no batch of this id."""

    code = "batch_not_found"


@dataclass(frozen=True)
class Reverted:
    """What was taken back now; `already` when an earlier call had done it."""

    rows: int
    runs: int
    already: bool = False


def revert_batch(log: UserLog, batch_id: str) -> Reverted:
    """Take back the rows that a batch brought and the runs that were made of them.

    Readers see it at once; the compaction removes them. Raises BatchNotFound,
    and Unavailable when commits overtake it again and again.
    """

    def attempt() -> Reverted:
        if log.catalog.table.get(partition(log.user_id), REVERTED_PREFIX + batch_id):
            return Reverted(0, 0, already=True)
        return _Revert(begin_snapshot(log), batch_id).commit()

    undone = retry_when_overtaken(attempt)
    if not undone.already:
        log.wake()
    return undone


@dataclass
class _Revert:
    snapshot: Snapshot
    batch_id: str

    def commit(self) -> Reverted:
        segment = self._pending()
        folded = self._folded(segment)
        undone = Reverted(
            rows=folded.rows + (segment.live_rows if segment else 0),
            runs=self._runs(segment),
        )
        before = self.snapshot.checkpoint
        commit = Commit(self.snapshot.log, before)
        commit.put_tombstone(
            Tombstone(
                tombstone_id=ids.ulid(),
                kind="undo",
                dataset=folded.dataset,
                generation=commit.generation,
                batch_id=self.batch_id,
                segments=(segment.name.segment_id,) if segment else (),
                rows=folded.rows,
                bytes=folded.bytes,
            )
        )
        commit.remember(REVERTED_PREFIX + self.batch_id, rows=undone.rows, runs=undone.runs)
        commit.carry_out(msgspec.structs.replace(before, tombstones=before.tombstones + 1))
        return undone

    def _pending(self) -> PendingSegment | None:
        return next((s for s in self.snapshot.pending if s.name.batch_id == self.batch_id), None)

    def _folded(self, segment: PendingSegment | None) -> BatchRecord:
        """What of the batch is in the dataset's volumes. Raises BatchNotFound."""
        if segment:
            inside = segment.rows_folded and not segment.tombstones
            return BatchRecord(
                batch_id=self.batch_id,
                dataset=segment.name.dataset,
                rows=segment.name.rows if inside else 0,
                bytes=segment.name.offset if inside else 0,
                generation=0,
            )
        log = self.snapshot.log
        batch = log.catalog.batch(log.user_id, self.batch_id)
        if batch is None:
            raise BatchNotFound(f"there is no batch {self.batch_id}")
        record = self.snapshot.dataset(batch.dataset)
        if record is None or batch.generation <= record.emptied:
            return msgspec.structs.replace(batch, rows=0, bytes=0)
        return batch

    def _runs(self, segment: PendingSegment | None) -> int:
        """How many runs of the batch readers find."""
        days = self.snapshot.days("0000-01-01", "9999-12-31")
        parts = [part for day in days for part in day.parts if part.may_hold(self.batch_id)]
        # Side by side: an import over years has as many parts as days.
        counts = side_by_side(self._runs_of_part, parts, weight=lambda part: part.bytes)
        return sum(counts) + self._pending_runs(segment)

    def _pending_runs(self, segment: PendingSegment | None) -> int:
        if segment is None or not segment.name.runs:
            return 0
        body = self.snapshot.log.bucket.get(segment.name.key, start=segment.name.offset)
        return len(segment.runs_of(body))

    def _runs_of_part(self, part: Part) -> int:
        condition, parameters = "batch_id IS NOT DISTINCT FROM ?", [self.batch_id]
        for tombstone in self.snapshot.tombstones:
            if tombstone.concerns(part):
                hidden, more = tombstone.condition()
                condition += f" AND NOT ({hidden})"
                parameters += more
        return count_runs(self.snapshot.log.bucket.get(part.key), condition, parameters)
