"""Applies tombstones: takes rows out of volumes and runs out of parts.

A step is one commit. What it replaced is named in the tombstone and deleted before the tombstone's
next step, below a marker: the recovery window keeps it. The tombstone goes when nothing is
left of either.
"""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from shared.aws import TransactionLost
from shared.observability import logger
from shared.storage.lake.flush_plan import MAX_BYTES, MAX_DAYS
from shared.storage.lake.optimize import unrolled
from shared.storage.lake.parquet import parquet_without
from shared.storage.lake.parts import PARQUET, with_crowded
from shared.storage.lake.vacuum import delete_garbage
from shared.storage.lake.volumes import CHUNK_BYTES, crc_of
from shared.storage.log.commit import Commit, grown_totals
from shared.storage.log.object_keys import part_key
from shared.storage.log.records import (
    DAY_PREFIX,
    TOMBSTONE_PREFIX,
    Backfill,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    Garbage,
    Part,
    Volume,
)
from shared.storage.log.row_members import line_ending
from shared.storage.log.tombstones import Tombstone
from shared.storage.log.user_log import UserLog

# Walks that began more cuts ago must begin again.
CUTS_KEPT = 100
# After every day.
_NO_DAY = "~"


class Cut(NamedTuple):
    """Adjoining rows of a volume: where they begin and end, and how many they are."""

    start: int
    end: int
    rows: int


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
        found = None if record is None else self._find(record, tombstone.batch_id)
        if record is None or found is None:
            # Another process took them out first: then this commit is lost, and nothing is missing.
            self._save(commit, msgspec.structs.replace(tombstone, rows=0, bytes=0, garbage=()))
            logger().error(
                "undone_rows_missing", user_id=self.log.user_id, batch_id=tombstone.batch_id
            )
            return
        number, cut = found
        volume = record.volumes[number]
        shorter = self._without(volume, cut)
        after = _with_volume(record, number, shorter, cut)
        commit.put_dataset(after)
        totals = grown_totals(self.log.totals(), [(record, after)], {})
        commit.put_totals(totals)
        gone = Garbage(
            key=volume.key,
            version_id=shorter.version_id or volume.version_id,
            inclusive=not shorter.version_id,
        )
        try:
            self._save(commit, _less(tombstone, cut, gone))
        except TransactionLost:
            if shorter.version_id:
                self.log.bucket.delete_versions(volume.key, [shorter.version_id])
            raise

    def _save(self, commit: Commit, tombstone: Tombstone, after: Checkpoint | None = None) -> None:
        commit.put_tombstone(tombstone)
        commit.carry_out(after or commit.before)
        delete_garbage(self.log.bucket, tombstone.garbage)

    def _find(self, record: DatasetRecord, batch_id: str) -> tuple[int, Cut] | None:
        """The volume with the batch's rows, newest first, and where in it they lie."""
        for number in reversed(range(len(record.volumes))):
            cut = self._find_in(record.volumes[number], batch_id)
            if cut:
                return number, cut
        return None

    def _find_in(self, volume: Volume, batch_id: str) -> Cut | None:
        ending = line_ending(batch_id)
        rest, at, place, start, rows = b"", 0, 0, -1, 0
        while at < volume.bytes:
            end = min(at + CHUNK_BYTES, volume.bytes)
            piece = rest + self.log.bucket.get(
                volume.key, version_id=volume.version_id, start=at, end=end
            )
            at = end
            body, newline, rest = piece.rpartition(b"\n")
            body += newline
            if start < 0 and ending not in body:
                place += len(body)
                continue
            for line in body.splitlines(keepends=True):
                if line.endswith(ending):
                    start, rows = (place if start < 0 else start), rows + 1
                elif start >= 0:
                    return Cut(start, place, rows)
                place += len(line)
        return None if start < 0 else Cut(start, place, rows)

    def _without(self, volume: Volume, cut: Cut) -> Volume:
        size = volume.bytes - (cut.end - cut.start)
        version_id = ""
        if size:
            stored = self.log.bucket.put_cut(
                volume.key, volume.version_id, volume.bytes, cut.start, cut.end
            )
            version_id = stored.version_id
        return Volume(
            key=volume.key,
            version_id=version_id,
            rows=volume.rows - cut.rows,
            bytes=size,
            crc=crc_of(self.log.bucket, volume.key, version_id, size),
        )

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


def _with_volume(record: DatasetRecord, number: int, volume: Volume, cut: Cut) -> DatasetRecord:
    volumes = (*record.volumes[:number], volume, *record.volumes[number + 1 :])
    backfill = record.backfill and _moved(record.backfill, number, cut)
    return msgspec.structs.replace(
        record,
        volumes=volumes,
        epoch=record.epoch + 1,
        cuts=(*record.cuts, (record.epoch + 1, number, cut.start, cut.end))[-CUTS_KEPT:],
        backfill=backfill,
    )


def _moved(backfill: Backfill, number: int, cut: Cut) -> Backfill:
    """The backfill's place after rows before it, or around it, were taken out."""
    if backfill.volume != number or backfill.offset <= cut.start:
        return backfill
    if backfill.offset < cut.end:
        return msgspec.structs.replace(backfill, offset=cut.start, batch_id="", ordinal=0)
    return msgspec.structs.replace(backfill, offset=backfill.offset - (cut.end - cut.start))


def _less(tombstone: Tombstone, cut: Cut, gone: Garbage) -> Tombstone:
    return msgspec.structs.replace(
        tombstone,
        rows=max(0, tombstone.rows - cut.rows),
        bytes=max(0, tombstone.bytes - (cut.end - cut.start)),
        garbage=(gone,),
    )
