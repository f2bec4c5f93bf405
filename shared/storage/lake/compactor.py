"""Keeps one user's log in order, a commit at a time: tombstones are applied, pending segments
flushed, crowded days optimized, rows backfilled.

A step begins by deleting the segments that the last commit covered. Losing the race to commit
is no failure: the step begins again with what is there then. A crash anywhere leaves the old
snapshot or the new one; what was written and not committed is an orphan for `vacuum`.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from shared.aws import ObjectMissing, TransactionLost
from shared.observability import logger
from shared.storage.lake.apply_tombstones import TombstoneApplier
from shared.storage.lake.backfill import BackfillStep, Convert
from shared.storage.lake.flush import Flush, bodies_of, delete_segments
from shared.storage.lake.optimize import Optimizer
from shared.storage.lake.row_columns import ColumnsWriter
from shared.storage.log.archive import Archive, KeptSegment
from shared.storage.log.live_segments import live_segments
from shared.storage.log.records import Checkpoint
from shared.storage.log.segments import PendingSegment
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog
from shared.turns import MayGoOn

_MAX_LISTED = 1_000
# In a row: as often as a reader tries. More is no race, but something that is not there.
OVERTAKEN_AT_MOST = 30


@dataclass(frozen=True)
class _Work:
    """One commit that can be made; carried out, it says how many segments it finished. Where that
    is `all`, nothing else is to be done.
    """

    kind: str
    commit: Callable[[], int | None]
    all: int | None = None

    def carry_out(self) -> int:
        """Make it. Raises TransactionLost, ObjectMissing."""
        return self.commit() or 0


@dataclass(frozen=True)
class Compactor:
    """The compaction of one user. `convert` makes runs of stored rows, for backfills; `columns`
    makes columns of them.
    """

    log: UserLog
    convert: Convert
    columns: ColumnsWriter

    def drain(self, may_go_on: MayGoOn, *, born_by_us: int | None = None) -> int:
        """Take steps until nothing is left to do or `may_go_on` says no; the segments folded.

        With `born_by_us` segments that were all written later are left for another time, and
        are not looked for where one commit took all that there was.

        What fails keeps nothing else of the user from being done, and is raised in the end;
        so is being overtaken when it happens again and again.
        """
        folded, backfill_first, overtaken = 0, False, 0
        failed: dict[str, Exception] = {}
        while may_go_on():
            try:
                work = self._next_work(backfill_first, failed.keys(), born_by_us)
                if work is None:
                    break
                finished = self._carried_out(work, failed)
                folded += finished
                overtaken = 0
                if born_by_us is not None and finished == work.all:
                    break
            except (ObjectMissing, TransactionLost):
                # Another process committed since the listing, and perhaps deleted an object.
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
            # The last resort: a tombstone that fails must not keep segments from folding.
            logger().exception("work_failed", user_id=self.log.user_id, work=work.kind)
            failed[work.kind] = exc
            return 0

    def _next_work(
        self, backfill_first: bool, failed: Collection[str], born_by_us: int | None = None
    ) -> "_Work | None":
        """What is to be done next, but for the kinds that failed; None when nothing is."""
        checkpoint = self.log.checkpoint()
        if checkpoint.restoring:
            return None
        tombstones = self.log.tombstones() if checkpoint.tombstones else ()
        listed = self._listed(None if tombstones else _MAX_LISTED)
        self._delete_covered(checkpoint, listed)
        live = live_segments(self.log, checkpoint, listed, tombstones)
        self._delete_repeats(checkpoint, listed, live)
        if born_by_us is not None and all(each.name.born_us > born_by_us for each in live):
            live = []
        possible = self._possible(checkpoint, tombstones, live, backfill_first)
        return next((work for work in possible if work.kind not in failed), None)

    def _listed(self, limit: int | None) -> list[PendingSegment]:
        return list(self.log.pending(limit=limit))

    def _possible(
        self,
        checkpoint: Checkpoint,
        tombstones: tuple[Tombstone, ...],
        live: list[PendingSegment],
        backfill_first: bool,
    ) -> "Iterator[_Work]":
        """What can be done, the most urgent first."""
        pending = {each.tombstone_id for segment in live for each in segment.tombstones}
        ready = next((each for each in tombstones if each.tombstone_id not in pending), None)
        if ready:
            yield _Work("edit", lambda: TombstoneApplier(self.log).step(checkpoint, ready))
        if checkpoint.crowded and not tombstones:
            day = checkpoint.crowded[0]
            yield _Work("tidy", lambda: Optimizer(self.log).step(checkpoint, day))
        backfill = self._backfill(checkpoint, tombstones)
        if backfill and (backfill_first or not live):
            yield _Work("backfill", lambda: backfill.carry_out(live))
        if live:
            # Rows may open a backfill again.
            settled = not (tombstones or checkpoint.partial or checkpoint.backfills)
            alone = settled and len(live) < _MAX_LISTED and not any(s.name.rows for s in live)
            fold = partial(Flush(self.log, self.columns).carry_out, checkpoint, live)
            yield _Work("fold", fold, len(live) if alone else None)
        if backfill:
            yield _Work("backfill", lambda: backfill.carry_out(live))

    def _backfill(
        self, checkpoint: Checkpoint, tombstones: tuple[Tombstone, ...]
    ) -> BackfillStep | None:
        """The backfill that can go on: not while rows or runs are folded or taken out halfway."""
        if tombstones or checkpoint.partial or not checkpoint.backfills:
            return None
        return BackfillStep(self.log, checkpoint, self.convert)

    def _delete_covered(self, checkpoint: Checkpoint, listed: list[PendingSegment]) -> None:
        """Delete what the last commit covers and is still there, before another commit.

        Deleting what is gone would leave another marker in the bucket's history.
        """
        there = {segment.name.file_name for segment in listed}
        complete = len(listed) < _MAX_LISTED
        delete_segments(
            self.log,
            tuple(name for name in checkpoint.last_committed if name in there or not complete),
        )

    def _delete_repeats(
        self, checkpoint: Checkpoint, listed: list[PendingSegment], live: list[PendingSegment]
    ) -> None:
        """Delete segments that a commit covers by marker; same-id twins wait for the marker.
        They are kept as well: before that commit, one of them was what readers found.
        """
        ids_alive = {segment.name.segment_id for segment in live}
        covered = set(checkpoint.last_committed)
        repeats = [
            segment
            for segment in listed
            if segment.name.segment_id not in ids_alive and segment.name.file_name not in covered
        ]
        kept = list(map(KeptSegment.of, repeats, bodies_of(self.log, repeats)))
        Archive(self.log.bucket, self.log.user_id).keep(checkpoint.generation + 1, kept)
        delete_segments(self.log, tuple(segment.name.file_name for segment in repeats))
