"""Finds what events missed and removes what nothing refers to, user by user.

Segments are found by listing, so a lost S3 event costs minutes, never rows. Days are
rolled up, months gathered, and rollups held against their rows.

Each step goes round all users (`shared.rounds`): it goes on where its last run stopped,
and what fails for one user costs that user this time only. A user's turn is bounded;
a user with more to do goes on after all others had theirs.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from shared import clock
from shared.aws import Bucket
from shared.isolation import user_kept_apart
from shared.observability import count, logger
from shared.rounds import Round
from shared.storage.lake.backfill import Convert
from shared.storage.lake.compactor import Compactor
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.lake.row_columns import ColumnsWriter
from shared.storage.lake.vacuum import Expiry, Orphans
from shared.storage.log.catalog import Catalog
from shared.storage.log.object_keys import (
    DATASETS_PREFIX,
    QUARANTINE_PREFIX,
    RUNS_PREFIX,
    SEGMENTS_PREFIX,
)
from shared.storage.log.segment_log import SegmentLog
from shared.storage.log.user_log import UserLog
from shared.turns import MayGoOn, Turn

# Longer than any call may wonder whether its lost PUT took effect (`Bucket.put_new`).
HISTORY_AGE_S = 900
TURN_S = 60
# A dozen runs of the schedule that folds, six of the one that rolls up, three of the daily one.
_FOLD_LATE_S = 3_600
_ROLL_UP_LATE_S = 6 * 3_600
_DEEP_LATE_S = 3 * 86_400

# Serves one user while there is time; how much was done.
Serve = Callable[[str, MayGoOn], int]
# The users behind one, in the order of a listing.
UsersBehind = Callable[[str], Iterator[str]]


@dataclass(frozen=True)
class StorageMaintenance:
    """The upkeep of the storage of all users. `convert` is what backfills need, `columns`
    what folds do.
    """

    bucket: Bucket
    catalog: Catalog
    convert: Convert
    columns: ColumnsWriter

    def flush_missed(self, may_go_on: MayGoOn) -> int:
        """Fold whatever is pending, of everybody; the number of segments.

        Objects that are no segments are set aside, and the history of folded segments
        is forgotten, so that listings stay short.
        """
        round_ = self._round("fold", _FOLD_LATE_S)
        return _go_round(round_, self._with_segments, self._fold, may_go_on)

    def apply_tombstones(self, may_go_on: MayGoOn) -> int:
        """Apply tombstones and backfills of users whose wake-up was lost; how many users."""
        round_ = self._round("edits", _DEEP_LATE_S)
        return _go_round(round_, self._with_datasets, self._apply, may_go_on)

    def roll_up(self, may_go_on: MayGoOn) -> int:
        """Roll up what came since, of everybody, and gather months; how many days."""
        round_ = self._round("roll_up", _ROLL_UP_LATE_S)

        def serve(user_id: str, turn: MayGoOn) -> int:
            return self._rollup_upkeep(user_id).roll_up(turn)

        return _go_round(round_, self._with_runs, serve, may_go_on)

    def hold_against_rows(self, days: int, may_go_on: MayGoOn) -> int:
        """Recompute the rollups of some days of each user from their rows; how many differ.

        The alarm counts the metric.
        """
        round_ = self._round("hold_against_rows", _DEEP_LATE_S)

        def serve(user_id: str, turn: MayGoOn) -> int:
            return self._rollup_upkeep(user_id).hold_against_rows(days, turn)

        return _go_round(round_, self._with_runs, serve, may_go_on)

    def remove_orphan_parts(self, may_go_on: MayGoOn) -> int:
        """Remove uncommitted parts and rollups of everybody; how many."""
        round_ = self._round("orphan_parts", _DEEP_LATE_S)

        def serve(user_id: str, turn: MayGoOn) -> int:
            del turn
            return Orphans(self._log(user_id)).remove_parts()

        return _go_round(round_, self._with_runs, serve, may_go_on)

    def remove_orphan_versions(self, may_go_on: MayGoOn) -> int:
        """Remove uncommitted dataset versions of everybody; how many."""
        round_ = self._round("orphan_versions", _DEEP_LATE_S)

        def serve(user_id: str, turn: MayGoOn) -> int:
            del turn
            return Orphans(self._log(user_id)).remove_versions()

        return _go_round(round_, self._with_datasets, serve, may_go_on)

    def expire(self, days: int, may_go_on: MayGoOn) -> int:
        """Delete for good what was replaced so many days ago, where no lifecycle rule does it
        (0 days: one does); how many versions.
        """
        return Expiry(self.bucket, days).carry_out(may_go_on) if days else 0

    def _round(self, step: str, late_after_s: int) -> Round:
        return Round(self.catalog.table, step, late_after_s)

    def _with_segments(self, after: str) -> Iterator[str]:
        return self.bucket.list_folders(SEGMENTS_PREFIX, after=after, with_deleted=True)

    def _with_datasets(self, after: str) -> Iterator[str]:
        # With those whose last object was deleted from outside: a committed version is put right.
        return self.bucket.list_folders(DATASETS_PREFIX, after=after, with_deleted=True)

    def _with_runs(self, after: str) -> Iterator[str]:
        folders = self.bucket.list_folders(RUNS_PREFIX, after=f"user={after}" if after else "")
        return (folder.removeprefix("user=") for folder in folders)

    def _fold(self, user_id: str, turn: MayGoOn) -> int:
        folded = 0
        with user_kept_apart("set_misnamed_aside", user_id):
            self._set_misnamed_aside(user_id)
        with user_kept_apart("fold", user_id):
            folded = self._compactor(user_id).drain(turn)
        self._delete_history(user_id)
        return folded

    def _apply(self, user_id: str, turn: MayGoOn) -> int:
        checkpoint = self.catalog.checkpoint(user_id)
        if not (checkpoint.tombstones or checkpoint.backfills):
            return 0
        self._compactor(user_id).drain(turn)
        return 1

    def _log(self, user_id: str) -> UserLog:
        return UserLog(self.bucket, self.catalog, user_id)

    def _compactor(self, user_id: str) -> Compactor:
        return Compactor(self._log(user_id), self.convert, self.columns)

    def _rollup_upkeep(self, user_id: str) -> RollupUpkeep:
        return RollupUpkeep(self._log(user_id))

    def _set_misnamed_aside(self, user_id: str) -> None:
        for key in SegmentLog(self.bucket).misnamed(user_id):
            with user_kept_apart("set_misnamed_aside", user_id):
                body = self.bucket.get(key)
                self.bucket.put(QUARANTINE_PREFIX + key.removeprefix(SEGMENTS_PREFIX), body)
                self.bucket.delete([key])
                logger().error("segment_quarantined", user_id=user_id, key=key)
                count("SegmentsQuarantined", service="storage")

    def _delete_history(self, user_id: str) -> None:
        """Delete for good what was deleted a while ago: the versions and their markers."""
        live = {stored.key for stored in self.bucket.list(f"{SEGMENTS_PREFIX}{user_id}/")}
        self.bucket.delete_history(
            version
            for version in self.bucket.history(f"{SEGMENTS_PREFIX}{user_id}/")
            if version.key not in live and version.modified_s < clock.now_s() - HISTORY_AGE_S
        )


def _go_round(round_: Round, users_behind: UsersBehind, serve: Serve, may_go_on: MayGoOn) -> int:
    """Give each user a turn, then more to those who need more; how much was done."""
    done, unfinished = 0, deque[str]()
    all_users = round_.walk(lambda place: users_behind(place.after), may_go_on)
    for user_id in chain(all_users, _taken_from(unfinished, may_go_on)):
        turn = Turn(may_go_on, TURN_S)
        with user_kept_apart(round_.name, user_id):
            done += serve(user_id, turn)
        if turn.over:
            unfinished.append(user_id)
    return done


def _taken_from(users: deque[str], may_go_on: MayGoOn) -> Iterator[str]:
    while users and may_go_on():
        yield users.popleft()
