"""Applies tombstones: takes rows out of volumes and runs out of parts.

A step is one commit. What it replaced is named in the tombstone and deleted before the tombstone's
next step, below a marker: the recovery window keeps it. The tombstone goes when nothing is
left of either.
"""

from dataclasses import dataclass

import msgspec

from shared.aws import TransactionLost
from shared.observability import logger
from shared.storage.lake.flush_plan import MAX_BYTES, MAX_DAYS
from shared.storage.lake.optimize import unrolled
from shared.storage.lake.parquet import parquet_without
from shared.storage.lake.parts import PARQUET, with_crowded
from shared.storage.lake.vacuum import delete_garbage
from shared.storage.lake.volume_cuts import Cut, find_rows, with_volume, without_rows
from shared.storage.log.commit import Commit, grown_totals
from shared.storage.log.object_keys import part_key
from shared.storage.log.records import (
    DAY_PREFIX,
    TOMBSTONE_PREFIX,
    Checkpoint,
    DayRecord,
    Garbage,
    Part,
    garbage_of_columns,
)
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# After every day.
_NO_DAY = "~"


@dataclass(frozen=True)
class TombstoneApplier:
    """The application of one user's tombstones."""

    log: UserLog

    def step(self, before: Checkpoint, tombstone: Tombstone) -> None:
        """Apply the next piece of a tombstone. Raises TransactionLost, ObjectMissing."""
        delete_garbage(self.log.bucket, tombstone.garbage)
        commit = Commit(self.log, before)
        if tombstone.rows:
            self._take_rows(commit, tombstone)
        elif tombstone.runs and tombstone.from_day != _NO_DAY:
            self._take_runs(commit, tombstone)
        else:
            commit.delete(TOMBSTONE_PREFIX + tombstone.tombstone_id)
            commit.carry_out(msgspec.structs.replace(before, tombstones=before.tombstones - 1))

    def _take_rows(self, commit: Commit, tombstone: Tombstone) -> None:
        record = self.log.dataset(tombstone.dataset)
        found = None if record is None else find_rows(self.log.bucket, record, tombstone.batch_id)
        if record is None or found is None:
            # Another process took them out first: then this commit is lost, and nothing is missing.
            self._save(commit, msgspec.structs.replace(tombstone, rows=0, bytes=0, garbage=()))
            logger().error(
                "undone_rows_missing", user_id=self.log.user_id, batch_id=tombstone.batch_id
            )
            return
        number, cut = found
        volume = record.volumes[number]
        shorter = without_rows(self.log.bucket, volume, cut)
        after = with_volume(record, number, shorter, cut)
        commit.put_dataset(after)
        totals = grown_totals(self.log.totals(), [(record, after)], {})
        commit.put_totals(totals)
        gone = Garbage(
            key=volume.key,
            version_id=shorter.version_id or volume.version_id,
            inclusive=not shorter.version_id,
        )
        columns = garbage_of_columns([volume], kept=shorter.columns)
        try:
            self._save(commit, _less(tombstone, cut, (gone, *columns)))
        except TransactionLost:
            if shorter.version_id:
                self.log.bucket.delete_versions(volume.key, [shorter.version_id])
            raise

    def _save(self, commit: Commit, tombstone: Tombstone, after: Checkpoint | None = None) -> None:
        commit.put_tombstone(tombstone)
        commit.carry_out(after or commit.before)
        delete_garbage(self.log.bucket, tombstone.garbage)

    def _take_runs(self, commit: Commit, tombstone: Tombstone) -> None:
        days = [day for day in self.log.days() if day.day >= (tombstone.from_day or "")]
        changed: list[DayRecord] = []
        garbage: list[Garbage] = []
        seen = 0
        next_day = _NO_DAY
        for day in days:
            if len(changed) == MAX_DAYS or seen >= MAX_BYTES:
                next_day = day.day
                break
            seen += sum(part.bytes for part in day.parts if tombstone.concerns(part))
            after, replaced = self._day_without(day, tombstone)
            if replaced:
                changed.append(after)
                garbage += replaced
        for day in changed:
            commit.put(DAY_PREFIX + day.day, day)
        kept = tuple(garbage)
        step = msgspec.structs.replace(tombstone, from_day=next_day, garbage=kept)
        self._save(commit, step, with_crowded(commit.before, changed))

    def _day_without(self, day: DayRecord, tombstone: Tombstone) -> tuple[DayRecord, list[Garbage]]:
        parts: list[Part] = []
        replaced: list[Garbage] = []
        for part in day.parts:
            shorter = self._part_without(part, day.day, tombstone)
            if shorter != part:
                replaced.append(Garbage(key=part.key))
            if shorter:
                parts.append(shorter)
        if day.rollup and any(part.rolled for part in day.parts if part not in parts):
            return unrolled(day, parts), [*replaced, Garbage(key=day.rollup.key)]
        return msgspec.structs.replace(day, parts=tuple(parts)), replaced

    def _part_without(self, part: Part, day: str, tombstone: Tombstone) -> Part | None:
        """The part without what the tombstone hides; the same if that is nothing, None if all."""
        if not tombstone.concerns(part):
            return part
        rest = parquet_without(self.log.bucket.get(part.key), *tombstone.condition())
        if rest.rows == part.rows:
            return part
        if not rest.rows:
            return None
        # It keeps its generation: other tombstones may still recognise by it what they concern.
        key = part_key(self.log.user_id, day, part.generation)
        self.log.bucket.put(key, rest.body, PARQUET)
        return msgspec.structs.replace(part, key=key, rows=rest.rows, bytes=len(rest.body))


def _less(tombstone: Tombstone, cut: Cut, gone: tuple[Garbage, ...]) -> Tombstone:
    return msgspec.structs.replace(
        tombstone,
        rows=max(0, tombstone.rows - cut.rows),
        bytes=max(0, tombstone.bytes - (cut.end - cut.start)),
        garbage=gone,
    )
