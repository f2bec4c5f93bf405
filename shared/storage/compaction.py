"""Folds a user's pending segments into dataset objects and Parquet parts.

One step: forget what the last commit covered, list, plan, write new versions and
parts, commit everything in one transaction on condition of the generation, forget
the segments. A crash anywhere leaves the old snapshot or the new one; what was
written and not committed is an orphan for `shared.storage.maintenance`. Whoever
loses the race to commit just starts again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.aws import Bucket, Item, ObjectMissing, TransactionLost, Update
from shared.runs import Run
from shared.storage.catalog import (
    CHECKPOINT,
    MARKER_PREFIX,
    Catalog,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    dataset_item,
    day_item,
    partition,
)
from shared.storage.fold import fold_day, fold_rows
from shared.storage.plan import Plan, plan_step
from shared.storage.segments import PREFIX, PendingSegment, SegmentLog
from shared.storage.snapshot import live_segments

# Longer than any writer repeats: an Idempotency-Key lives a day, a job at most 14 days in SQS.
_MARKER_TTL_S = 30 * 86_400
_MAX_LISTED = 1_000


@dataclass(frozen=True)
class Compaction:
    """The compaction of one user."""

    bucket: Bucket
    catalog: Catalog
    user_id: str

    def drain(self, may_go_on: Callable[[], bool]) -> int:
        """Fold steps until nothing is pending or `may_go_on` says no; the segments folded."""
        folded = 0
        while may_go_on():
            step = self.step()
            if step is None:
                return folded
            folded += step
        return folded

    def step(self) -> int | None:
        """One commit; the number of segments it finished, or None when nothing was pending.

        A lost race counts as a step that finished nothing.
        """
        checkpoint = self.catalog.checkpoint(self.user_id)
        self._forget(checkpoint.last_committed)
        listed = list(SegmentLog(self.bucket).pending(self.user_id, limit=_MAX_LISTED))
        live = live_segments(self.catalog, self.user_id, checkpoint, listed)
        self._forget_repeats(checkpoint, listed, live)
        if not live:
            return None
        try:
            return self._fold(checkpoint, plan_step(live, self._body))
        except ObjectMissing:
            # Somebody else folded and forgot a segment, or superseded a part, since the listing.
            return 0

    def _body(self, segment: PendingSegment) -> bytes:
        return self.bucket.get(segment.name.key)

    def _fold(self, checkpoint: Checkpoint, plan: Plan) -> int:
        datasets = [self._folded_dataset(name, rows) for name, rows in plan.rows.items()]
        days = [self._folded_day(day, runs, checkpoint) for day, runs in plan.runs.items()]
        try:
            self._commit(checkpoint, plan, datasets, days)
        except TransactionLost:
            self._forget_versions(datasets)
            return 0
        self._forget(plan.finished_names)
        return len(plan.finished)

    def _folded_dataset(self, name: str, rows: list[bytes]) -> DatasetRecord:
        record = self.catalog.dataset(self.user_id, name)
        return fold_rows(self.bucket, self.user_id, name, record, rows)

    def _folded_day(self, day: str, runs: list[Run], checkpoint: Checkpoint) -> DayRecord:
        record = self.catalog.day(self.user_id, day)
        return fold_day(self.bucket, self.user_id, record, runs, checkpoint.generation + 1)

    def _commit(
        self, before: Checkpoint, plan: Plan, datasets: list[DatasetRecord], days: list[DayRecord]
    ) -> None:
        transaction = self.catalog.table.transaction()
        transaction.update(_checkpoint_update(self.user_id, before, plan))
        for dataset in datasets:
            transaction.put(dataset_item(self.user_id, dataset))
        for day in days:
            transaction.put(day_item(self.user_id, day))
        for segment in plan.finished:
            if segment.name.repeatable:
                transaction.put(_marker(self.user_id, segment), only_new=True)
        transaction.commit()

    def _forget(self, file_names: tuple[str, ...]) -> None:
        self.bucket.delete(f"{PREFIX}{self.user_id}/{name}" for name in file_names)

    def _forget_repeats(
        self, checkpoint: Checkpoint, listed: list[PendingSegment], live: list[PendingSegment]
    ) -> None:
        """Delete segments that a commit covers by marker; same-id twins wait for the marker."""
        ids_alive = {segment.name.segment_id for segment in live}
        covered = set(checkpoint.last_committed)
        self._forget(
            tuple(
                segment.name.file_name
                for segment in listed
                if segment.name.segment_id not in ids_alive
                and segment.name.file_name not in covered
            )
        )

    def _forget_versions(self, datasets: list[DatasetRecord]) -> None:
        """Take back the dataset versions of a commit that was lost, so that the newest
        version of the object stays the committed one."""
        for dataset in datasets:
            newest = dataset.volumes[-1]
            committed = self.catalog.dataset(self.user_id, dataset.name)
            if committed is None or newest not in committed.volumes:
                self.bucket.delete_version(newest.key, newest.version_id)


def _checkpoint_update(user_id: str, before: Checkpoint, plan: Plan) -> Update:
    return Update(
        partition(user_id),
        CHECKPOINT,
        set={
            "generation": before.generation + 1,
            "last_committed": list(plan.finished_names),
            "partial": plan.partial_name,
            "partial_from_day": plan.partial_from_day,
            "updated_us": clock.now_us(),
        },
        only_if={"generation": before.generation or None},
    )


def _marker(user_id: str, segment: PendingSegment) -> Item:
    return {
        "pk": partition(user_id),
        "sk": MARKER_PREFIX + segment.name.segment_id,
        "expires_at": clock.now_s() + _MARKER_TTL_S,
    }
