"""Backfills: rows that were stored before their adapter become runs, exactly once.

A backfill walks over the folded rows of a dataset, a bounded piece a commit. A run's id
follows from the batch and the row's place in it, so rows that have their run already
(from their append, or from an earlier backfill) are recognised by it. Rows whose writer
knew only an older adapter and that are folded after the walk has passed open it again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from shared.clock import day_of
from shared.runs import Run
from shared.storage.lake.flush_plan import MAX_DAYS
from shared.storage.lake.parquet import run_ids_of
from shared.storage.lake.parts import flush_day, with_crowded
from shared.storage.log.commit import Commit
from shared.storage.log.records import (
    DAY_PREFIX,
    Backfill,
    Checkpoint,
    DatasetRecord,
    DayRecord,
    Volume,
)
from shared.storage.log.row_members import batch_of_line
from shared.storage.log.segments import PendingSegment
from shared.storage.log.user_log import UserLog

STEP_BYTES = 8 * 2**20


class StoredRow(NamedTuple):
    """A folded row: its line, its batch, and its number among the batch's rows."""

    line: bytes
    batch_id: str
    ordinal: int


# Makes the run of each row, None where a row cannot become one.
Convert = Callable[[Backfill, list[StoredRow]], list[Run | None]]


def reopened(record: DatasetRecord, before: DatasetRecord, oldest_adapter: int) -> DatasetRecord:
    """The dataset after a fold; its backfill goes back to rows that an older adapter saw."""
    backfill = record.backfill
    if backfill is None or oldest_adapter >= backfill.version:
        return record
    end = _end_of(before)
    if backfill.status == "running" and (backfill.volume, backfill.offset) <= end:
        return record
    volume, offset = end
    again = msgspec.structs.replace(
        backfill, status="running", volume=volume, offset=offset, batch_id="", ordinal=0
    )
    return msgspec.structs.replace(record, backfill=again)


def _end_of(record: DatasetRecord) -> tuple[int, int]:
    """Where the next folded row will lie at the earliest."""
    if not record.volumes:
        return 0, 0
    return len(record.volumes) - 1, record.volumes[-1].bytes


@dataclass
class BackfillStep:
    """One piece of a user's first running backfill."""

    log: UserLog
    before: Checkpoint
    convert: Convert

    def carry_out(self, live: list[PendingSegment]) -> None:
        """Convert the next rows, or finish. Raises TransactionLost, ObjectMissing."""
        name = self.before.backfills[0]
        record = self.log.dataset(name)
        if record is None or record.backfill is None:
            self._commit(None, [], keep=False)
            return
        rows, place = self._next_rows(record, record.backfill)
        if rows:
            self._convert(record, rows, place)
        else:
            self._finish(record, _has_stale(record, live))

    def _next_rows(
        self, record: DatasetRecord, backfill: Backfill
    ) -> tuple[list[StoredRow], Backfill]:
        """The rows from the backfill's place on, and the place after them."""
        place = backfill
        for number in range(backfill.volume, len(record.volumes)):
            if number > place.volume:
                place = msgspec.structs.replace(place, volume=number, offset=0)
            rows = self._rows_of_volume(record.volumes[number], place)
            if rows:
                return rows, place
        return [], place

    def _rows_of_volume(self, volume: Volume, place: Backfill) -> list[StoredRow]:
        if place.offset >= volume.bytes:
            return []
        end = min(place.offset + STEP_BYTES, volume.bytes)
        piece = self.log.bucket.get(
            volume.key, version_id=volume.version_id, start=place.offset, end=end
        )
        lines = piece.split(b"\n")[:-1]
        return list(_numbered(lines, place.batch_id, place.ordinal))

    def _convert(self, record: DatasetRecord, rows: list[StoredRow], place: Backfill) -> None:
        runs = self.convert(place, rows)
        there = self._existing(record.name, {row.batch_id for row in rows})
        days: dict[str, list[Run]] = {}
        converted = skipped = taken = 0
        for run in runs:
            if run is None:
                skipped += 1
            elif run.run_id not in there:
                day = day_of(run.ts_us)
                if day not in days and len(days) == MAX_DAYS:
                    break
                days.setdefault(day, []).append(run)
                converted += 1
            taken += 1
        after = msgspec.structs.replace(
            _beyond(place, rows[:taken]),
            converted=place.converted + converted,
            skipped=place.skipped + skipped,
        )
        folded = [self._folded(day, day_runs) for day, day_runs in days.items()]
        self._commit(msgspec.structs.replace(record, backfill=after), folded, keep=True)

    def _existing(self, dataset: str, batches: set[str]) -> set[str]:
        """The ids of the runs that rows of these batches have already."""
        first, last = min(batches), max(batches)
        sizes = {
            part.key: part.bytes
            for day in self.log.days()
            for part in day.parts
            if part.min_batch <= last and part.max_batch >= first
        }
        found: set[str] = set()
        for body in self.log.bucket.get_many(sizes):
            found |= run_ids_of(body, dataset, first, last)
        return found

    def _folded(self, day: str, runs: list[Run]) -> DayRecord:
        record = self.log.day(day)
        generation = self.before.generation + 1
        return flush_day(self.log, record, runs, generation)

    def _finish(self, record: DatasetRecord, stale_pending: bool) -> None:
        """Done, unless rows that an older adapter saw are still to be folded: they reopen it."""
        assert record.backfill is not None
        status = "running" if stale_pending else "done"
        done = msgspec.structs.replace(record.backfill, status=status)
        self._commit(msgspec.structs.replace(record, backfill=done), [], keep=False)

    def _commit(self, record: DatasetRecord | None, days: list[DayRecord], *, keep: bool) -> None:
        first, *others = self.before.backfills
        commit = Commit(self.log, self.before)
        if record:
            commit.put_dataset(record)
        for day in days:
            commit.put(DAY_PREFIX + day.day, day)
        # The next dataset's turn comes first, so that a long backfill holds up no other.
        backfills = (*others, first) if keep else tuple(others)
        after = msgspec.structs.replace(self.before, backfills=backfills)
        commit.carry_out(with_crowded(after, days))


def _numbered(lines: list[bytes], batch_id: str, ordinal: int) -> Iterator[StoredRow]:
    for line in lines:
        found = batch_of_line(line)
        if found != batch_id:
            batch_id, ordinal = found, 0
        yield StoredRow(line, batch_id, ordinal)
        ordinal += 1


def _beyond(place: Backfill, rows: list[StoredRow]) -> Backfill:
    """The place after the given rows."""
    last = rows[-1]
    return msgspec.structs.replace(
        place,
        offset=place.offset + sum(len(row.line) + 1 for row in rows),
        batch_id=last.batch_id,
        ordinal=last.ordinal + 1,
    )


def _has_stale(record: DatasetRecord, live: list[PendingSegment]) -> bool:
    assert record.backfill is not None
    version = record.backfill.version
    return any(
        segment.name.dataset == record.name
        and segment.live_rows
        and segment.name.adapter_version < version
        for segment in live
    )
