"""Flush: pending segments become volumes of rows and Parquet parts of runs.

Plan, keep the segments in one object for the recovery window, write new versions and parts,
commit everything in one transaction on condition of the generation, delete the segments.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from shared.aws import TransactionLost
from shared.clock import day_of
from shared.errors import EvalyardError
from shared.observability import count, logger
from shared.runs import Run
from shared.storage.lake.backfill import reopened
from shared.storage.lake.flush_plan import FlushPlan, flush_order, plan_flush
from shared.storage.lake.parts import flush_day, with_crowded
from shared.storage.lake.row_columns import ColumnsWriter, with_row_columns
from shared.storage.lake.salvage import by_trying
from shared.storage.lake.volumes import flush_rows
from shared.storage.log.archive import Archive
from shared.storage.log.commit import Commit, grown_totals
from shared.storage.log.object_keys import QUARANTINE_PREFIX, SEGMENTS_PREFIX
from shared.storage.log.records import (
    BATCH_PREFIX,
    DAY_PREFIX,
    BatchRecord,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    item_of,
)
from shared.storage.log.segments import PendingSegment
from shared.storage.log.user_log import UserLog


@dataclass(frozen=True)
class Flush:
    """The flush of one user's pending segments."""

    log: UserLog
    columns: ColumnsWriter

    def carry_out(self, checkpoint: Checkpoint, live: list[PendingSegment]) -> int:
        """Flush many segments; when they cannot be flushed, one, without the runs that cannot.

        How many segments it finished. Raises TransactionLost, ObjectMissing.
        """
        ordered, bodies = flush_order(live), partial(bodies_of, self.log)
        try:
            return self._flush(checkpoint, plan_flush(ordered, bodies))
        except (EvalyardError, MemoryError):
            raise
        except Exception:
            # The last resort: whatever it is, one segment may be its cause, and only one.
            logger().exception("fold_refused", user_id=self.log.user_id)
        return self._flush(checkpoint, plan_flush(ordered, bodies, 1, by_trying))

    def _flush(self, checkpoint: Checkpoint, plan: FlushPlan) -> int:
        Archive(self.log.bucket, self.log.user_id).keep(checkpoint.generation + 1, plan.kept)
        before = {name: self._dataset(name) for name in plan.rows}
        grown = [self._grown_dataset(before[name], plan) for name in plan.rows]
        datasets = with_row_columns(self.log, grown, self.columns)
        days = [self._grown_day(day, runs, checkpoint) for day, runs in plan.runs.items()]
        self._remember_batches(plan, checkpoint.generation + 1)
        self._set_aside(plan)
        try:
            self._commit(checkpoint, plan, before, datasets, days)
        except TransactionLost:
            self._delete_versions(datasets)
            raise
        delete_segments(self.log, plan.finished_names)
        self._delete_superseded(before, datasets)
        return len(plan.finished)

    def _set_aside(self, plan: FlushPlan) -> None:
        """Keep what cannot be folded where people find it; the alarm counts the metric."""
        for poison in plan.poison:
            kept_as = f"{QUARANTINE_PREFIX}{self.log.user_id}/{poison.file_name}"
            self.log.bucket.put(kept_as, poison.body)
            key = poison.segment.key
            logger().error(
                "segment_quarantined", user_id=self.log.user_id, key=key, kept_as=kept_as
            )
        if plan.poison:
            count("SegmentsQuarantined", len(plan.poison), service="storage")

    def _dataset(self, name: str) -> DatasetRecord:
        return self.log.dataset(name) or DatasetRecord(name=name)

    def _grown_dataset(self, record: DatasetRecord, plan: FlushPlan) -> DatasetRecord:
        grown = flush_rows(self.log, record, plan.rows[record.name])
        return reopened(grown, record, plan.adapter_versions[record.name])

    def _grown_day(self, day: str, runs: list[Run], checkpoint: Checkpoint) -> DayRecord:
        record = self.log.day(day)
        return flush_day(self.log, record, runs, checkpoint.generation + 1)

    def _remember_batches(self, plan: FlushPlan, generation: int) -> None:
        """Note what each segment brings, for a revert. It is the same whichever
        process writes it, so it need not be part of the commit.
        """
        self.log.catalog.table.put_many(
            item_of(
                self.log.user_id,
                BATCH_PREFIX + segment.name.batch_id,
                BatchRecord(
                    batch_id=segment.name.batch_id,
                    dataset=segment.name.dataset,
                    rows=0 if segment.tombstones else segment.name.rows,
                    bytes=0 if segment.tombstones else segment.name.offset,
                    generation=generation,
                ),
            )
            for segment in plan.finished
            if segment.name.rows or segment.name.runs
        )

    def _commit(
        self,
        before: Checkpoint,
        plan: FlushPlan,
        old: dict[str, DatasetRecord],
        datasets: list[DatasetRecord],
        days: list[DayRecord],
    ) -> None:
        commit = Commit(self.log, before)
        for dataset in datasets:
            commit.put_dataset(dataset)
        for day in days:
            commit.put(DAY_PREFIX + day.day, day)
        for segment in plan.finished:
            if segment.name.repeatable:
                commit.mark(segment.name.segment_id)
        changes = [(old[dataset.name], dataset) for dataset in datasets]
        totals = self.log.totals()
        commit.put_totals(grown_totals(totals, changes, _rows_by_day(plan)))
        after = msgspec.structs.replace(
            before,
            last_committed=plan.finished_names,
            partial=plan.partial_name,
            partial_from_day=plan.partial_from_day,
            backfills=_running(before.backfills, datasets),
        )
        commit.carry_out(with_crowded(after, days))

    def _delete_versions(self, datasets: list[DatasetRecord]) -> None:
        """Take back the dataset versions of a commit that was lost, so that the newest
        version of the object stays the committed one.
        """
        for dataset in datasets:
            newest = dataset.volumes[-1]
            committed = self.log.dataset(dataset.name)
            if committed is None or newest not in committed.volumes:
                self.log.bucket.delete_versions(newest.key, [newest.version_id])

    def _delete_superseded(
        self, before: dict[str, DatasetRecord], datasets: list[DatasetRecord]
    ) -> None:
        """Delete versions that no reader holds any more; what a crash leaves, maintenance finds."""
        for dataset in datasets:
            volume = dataset.volumes[-1]
            for old in before[dataset.name].volumes:
                if old.key == volume.key:
                    gone = [v for v in old.superseded if v not in volume.superseded]
                    self.log.bucket.delete_versions(volume.key, gone)


def bodies_of(log: UserLog, segments: list[PendingSegment]) -> Iterator[bytes]:
    """The contents of segments, one after the other, as far as they are asked for."""
    return log.bucket.get_many({each.name.key: each.size for each in segments})


def delete_segments(log: UserLog, file_names: Iterable[str]) -> None:
    """Delete segments that a commit covers."""
    log.bucket.delete(f"{SEGMENTS_PREFIX}{log.user_id}/{name}" for name in file_names)


def _running(backfills: tuple[str, ...], datasets: list[DatasetRecord]) -> tuple[str, ...]:
    """The datasets with a running backfill, with those that a fold opened again."""
    opened = {d.name for d in datasets if d.backfill and d.backfill.status == "running"}
    return tuple(sorted({*backfills, *opened}))


def _rows_by_day(plan: FlushPlan) -> dict[str, int]:
    """How many rows came on which day, of the segments whose rows this plan folds."""
    days: dict[str, int] = {}
    for segment in plan.finished:
        if segment.live_rows:
            day = day_of(segment.name.born_us)
            days[day] = days.get(day, 0) + segment.live_rows
    return days
