"""Folds a user's pending segments into dataset objects and Parquet parts.

One step: forget what the last commit covered, list, plan, keep the segments in one
object for the recovery window, write new versions and parts, commit everything in one
transaction on condition of the generation, forget the segments. A crash anywhere leaves
the old snapshot or the new one; what was written and not committed is an orphan for
`shared.storage.lake.maintenance`. Whoever loses the race to commit just starts again. Edits
are applied between folds, and backfills go on in turns with them.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import msgspec

from shared.aws import ObjectMissing, TransactionLost
from shared.clock import day_of
from shared.errors import EvalyardError
from shared.observability import count, logger
from shared.runs import Run
from shared.storage.lake.apply_tombstones import Removal
from shared.storage.lake.backfill import BackfillStep, Convert, reopened
from shared.storage.lake.flush_plan import Plan, folding_order, plan_step
from shared.storage.lake.fold import fold_day, fold_rows, with_crowded
from shared.storage.lake.optimize import Tidying
from shared.storage.lake.salvage import by_trying
from shared.storage.log.archive import Archive, KeptSegment
from shared.storage.log.commit import Commit, grown_totals
from shared.storage.log.records import (
    BATCH_PREFIX,
    DAY_PREFIX,
    BatchRecord,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    item_of,
)
from shared.storage.log.segments import PREFIX, PendingSegment
from shared.storage.log.snapshot import live_segments
from shared.storage.log.tombstones import Edit
from shared.storage.log.user_log import UserLog
from shared.turns import MayGoOn

QUARANTINE_PREFIX = "quarantine/"
_MAX_LISTED = 1_000
# In a row: as often as a reader tries. More is no race, but something that is not there.
OVERTAKEN_AT_MOST = 30


@dataclass(frozen=True)
class _Work:
    """One commit that can be made; carried out, it says how many segments it finished."""

    kind: str
    commit: Callable[[], int | None]

    def carry_out(self) -> int:
        """Make it. Raises TransactionLost, ObjectMissing."""
        return self.commit() or 0


@dataclass(frozen=True)
class Compaction:
    """The compaction of one user. `convert` makes runs of stored rows, for backfills."""

    log: UserLog
    convert: Convert

    def drain(self, may_go_on: MayGoOn) -> int:
        """Take steps until nothing is left to do or `may_go_on` says no; the segments folded.

        What fails keeps nothing else of the user from being done, and is raised in the end;
        so is being overtaken when it happens again and again.
        """
        folded, backfill_first, overtaken = 0, False, 0
        failed: dict[str, Exception] = {}
        while may_go_on():
            try:
                work = self._next_work(backfill_first, failed.keys())
                if work is None:
                    break
                folded += self._carried_out(work, failed)
                overtaken = 0
            except (ObjectMissing, TransactionLost):
                # Somebody else committed since the listing, and perhaps forgot an object.
                overtaken += 1
                if overtaken > OVERTAKEN_AT_MOST:
                    raise
            backfill_first = not backfill_first
        for failure in failed.values():
            raise failure
        return folded

    def step(self) -> int | None:
        """One commit; the number of segments it finished, or None when nothing was to do.

        A lost race counts as a step that finished nothing.
        """
        try:
            work = self._next_work(False, ())
            return None if work is None else work.carry_out()
        except (ObjectMissing, TransactionLost):
            return 0

    def _carried_out(self, work: "_Work", failed: dict[str, Exception]) -> int:
        try:
            return work.carry_out()
        except (ObjectMissing, TransactionLost, MemoryError):
            raise
        except Exception as exc:
            # The last resort: an edit that cannot be applied must not keep segments from folding.
            logger().exception("work_failed", user_id=self.log.user_id, work=work.kind)
            failed[work.kind] = exc
            return 0

    def _next_work(self, backfill_first: bool, failed: Collection[str]) -> "_Work | None":
        """What is to be done next, but for the kinds that failed; None when nothing is."""
        checkpoint = self.log.checkpoint()
        if checkpoint.restoring:
            return None
        edits = self.log.edits() if checkpoint.edits else ()
        listed = self._listed(None if edits else _MAX_LISTED)
        self._forget_covered(checkpoint, listed)
        live = live_segments(self.log, checkpoint, listed, edits)
        self._forget_repeats(checkpoint, listed, live)
        possible = self._possible(checkpoint, edits, live, backfill_first)
        return next((work for work in possible if work.kind not in failed), None)

    def _listed(self, limit: int | None) -> list[PendingSegment]:
        return list(self.log.pending(limit=limit))

    def _possible(
        self,
        checkpoint: Checkpoint,
        edits: tuple[Edit, ...],
        live: list[PendingSegment],
        backfill_first: bool,
    ) -> "Iterator[_Work]":
        """What can be done, the most urgent first."""
        ready = next((edit for edit in edits if not any(edit in s.edits for s in live)), None)
        if ready:
            yield _Work("edit", lambda: Removal(self.log).step(checkpoint, ready))
        if checkpoint.crowded and not edits:
            day = checkpoint.crowded[0]
            yield _Work("tidy", lambda: Tidying(self.log).step(checkpoint, day))
        backfill = self._backfill(checkpoint, edits)
        if backfill and (backfill_first or not live):
            yield _Work("backfill", lambda: backfill.carry_out(live))
        if live:
            yield _Work("fold", lambda: self._fold_or_isolate(checkpoint, live))
        if backfill:
            yield _Work("backfill", lambda: backfill.carry_out(live))

    def _backfill(self, checkpoint: Checkpoint, edits: tuple[Edit, ...]) -> BackfillStep | None:
        """The backfill that can go on: not while rows or runs are folded or taken out halfway."""
        if edits or checkpoint.partial or not checkpoint.backfills:
            return None
        return BackfillStep(self.log, checkpoint, self.convert)

    def _fold_or_isolate(self, checkpoint: Checkpoint, live: list[PendingSegment]) -> int:
        """Fold many segments; when they cannot be folded, one, without the runs that cannot."""
        ordered = folding_order(live)
        try:
            return self._fold(checkpoint, plan_step(ordered, self._bodies))
        except (EvalyardError, MemoryError):
            raise
        except Exception:
            # The last resort: whatever it is, one segment may be its cause, and only one.
            logger().exception("fold_refused", user_id=self.log.user_id)
        return self._fold(checkpoint, plan_step(ordered, self._bodies, 1, by_trying))

    def _bodies(self, segments: list[PendingSegment]) -> Iterator[bytes]:
        return self.log.bucket.get_many({each.name.key: each.size for each in segments})

    def _fold(self, checkpoint: Checkpoint, plan: Plan) -> int:
        Archive(self.log.bucket, self.log.user_id).keep(checkpoint.generation + 1, plan.kept)
        before = {name: self._dataset(name) for name in plan.rows}
        datasets = [self._folded_dataset(before[name], plan) for name in plan.rows]
        days = [self._folded_day(day, runs, checkpoint) for day, runs in plan.runs.items()]
        self._remember_batches(plan, checkpoint.generation + 1)
        self._set_aside(plan)
        try:
            self._commit(checkpoint, plan, before, datasets, days)
        except TransactionLost:
            self._forget_versions(datasets)
            raise
        self._forget(plan.finished_names)
        self._forget_superseded(before, datasets)
        return len(plan.finished)

    def _set_aside(self, plan: Plan) -> None:
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

    def _folded_dataset(self, record: DatasetRecord, plan: Plan) -> DatasetRecord:
        grown = fold_rows(self.log, record, plan.rows[record.name])
        return reopened(grown, record, plan.adapter_versions[record.name])

    def _folded_day(self, day: str, runs: list[Run], checkpoint: Checkpoint) -> DayRecord:
        record = self.log.day(day)
        return fold_day(self.log, record, runs, checkpoint.generation + 1)

    def _remember_batches(self, plan: Plan, generation: int) -> None:
        """Note what each segment brings, for whoever takes it back. It is the same whoever
        writes it, so it need not be part of the commit."""
        self.log.catalog.table.put_many(
            item_of(
                self.log.user_id,
                BATCH_PREFIX + segment.name.batch_id,
                BatchRecord(
                    batch_id=segment.name.batch_id,
                    dataset=segment.name.dataset,
                    rows=0 if segment.edits else segment.name.rows,
                    bytes=0 if segment.edits else segment.name.offset,
                    generation=generation,
                ),
            )
            for segment in plan.finished
            if segment.name.rows or segment.name.runs
        )

    def _commit(
        self,
        before: Checkpoint,
        plan: Plan,
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

    def _forget(self, file_names: tuple[str, ...]) -> None:
        self.log.bucket.delete(f"{PREFIX}{self.log.user_id}/{name}" for name in file_names)

    def _forget_covered(self, checkpoint: Checkpoint, listed: list[PendingSegment]) -> None:
        """Delete what the last commit covers and is still there, before another commit.

        Deleting what is gone would leave another marker in the bucket's history.
        """
        there = {segment.name.file_name for segment in listed}
        complete = len(listed) < _MAX_LISTED
        self._forget(
            tuple(name for name in checkpoint.last_committed if name in there or not complete)
        )

    def _forget_repeats(
        self, checkpoint: Checkpoint, listed: list[PendingSegment], live: list[PendingSegment]
    ) -> None:
        """Delete segments that a commit covers by marker; same-id twins wait for the marker.
        They are kept as well: before that commit, one of them was what readers found."""
        ids_alive = {segment.name.segment_id for segment in live}
        covered = set(checkpoint.last_committed)
        repeats = [
            segment
            for segment in listed
            if segment.name.segment_id not in ids_alive and segment.name.file_name not in covered
        ]
        kept = list(map(KeptSegment.of, repeats, self._bodies(repeats)))
        Archive(self.log.bucket, self.log.user_id).keep(checkpoint.generation + 1, kept)
        self._forget(tuple(segment.name.file_name for segment in repeats))

    def _forget_versions(self, datasets: list[DatasetRecord]) -> None:
        """Take back the dataset versions of a commit that was lost, so that the newest
        version of the object stays the committed one."""
        for dataset in datasets:
            newest = dataset.volumes[-1]
            committed = self.log.dataset(dataset.name)
            if committed is None or newest not in committed.volumes:
                self.log.bucket.delete_versions(newest.key, [newest.version_id])

    def _forget_superseded(
        self, before: dict[str, DatasetRecord], datasets: list[DatasetRecord]
    ) -> None:
        """Delete versions that no reader holds any more; what a crash leaves, maintenance finds."""
        for dataset in datasets:
            volume = dataset.volumes[-1]
            for old in before[dataset.name].volumes:
                if old.key == volume.key:
                    gone = [v for v in old.superseded if v not in volume.superseded]
                    self.log.bucket.delete_versions(volume.key, gone)


def _running(backfills: tuple[str, ...], datasets: list[DatasetRecord]) -> tuple[str, ...]:
    """The datasets with a running backfill, with those that a fold opened again."""
    opened = {d.name for d in datasets if d.backfill and d.backfill.status == "running"}
    return tuple(sorted({*backfills, *opened}))


def _rows_by_day(plan: Plan) -> dict[str, int]:
    """How many rows came on which day, of the segments whose rows this plan folds."""
    days: dict[str, int] = {}
    for segment in plan.finished:
        if segment.live_rows:
            day = day_of(segment.name.born_us)
            days[day] = days.get(day, 0) + segment.live_rows
    return days
