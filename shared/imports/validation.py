"""Judges the records of an import: which runs they give, what is wrong, what was assumed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shared.errors import Fault, TooLarge, Unacceptable
from shared.imports.adapted import run_by_adapter
from shared.imports.formats import CHUNKS, MIXED, ROWS, format_of, rows_of
from shared.imports.members import Note, RowRefused
from shared.imports.records import MAX_RUNS, Record, Records
from shared.imports.run import Batch, run_of
from shared.imports.streams import joined
from shared.isolation import ROW_UNREADABLE, tell_unreadable_rows
from shared.runs import Run, check_storable
from shared.segment_ids import is_named_by_batch

_NAME_CHARACTERS = 100


@dataclass
class Judged:
    """The runs of an import, in order, and all that the answer says of how they came about."""

    runs: list[Run] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    assumed: Counter[tuple[str, str]] = field(default_factory=Counter)
    formats: set[str] = field(default_factory=set)

    @property
    def received(self) -> int:
        """How many runs were meant, good or bad."""
        return len(self.runs) + len(self.faults)

    @property
    def format(self) -> str:
        """The one format of all records, or `mixed`."""
        return MIXED if len(self.formats) > 1 else next(iter(self.formats), ROWS)

    def note(self, name: str, treated_as: str) -> None:
        """Count that a member was treated in some way."""
        self.assumed[name[:_NAME_CHARACTERS], treated_as] += 1

    @property
    def given_ids(self) -> list[str]:
        """The ids that did not come from us, of which there may be runs already."""
        return [run.run_id for run in self.runs if not is_named_by_batch(run.run_id, run.batch_id)]


def judge(records: Records, batch: Batch) -> Judged:
    """Judge each record. Raises TooLarge where they describe more than 50,000 runs, and
    Unacceptable for a header that nearly names columns of a run.
    """
    _refuse_nearly(records, batch)
    judged, failures = Judged(), []
    batch = replace(batch, common=records.common)
    for name, treated_as in records.assumed:
        judged.assumed[name, treated_as] += len(records.readable)
    for record in _whole(records.readable, batch, judged):
        try:
            _add(judged, _read(record, batch, judged))
        except RowRefused as exc:
            judged.faults.append(_fault(record, exc))
            failures.append(exc)
    tell_unreadable_rows(failures, user_id=batch.user_id, batch_id=batch.batch_id)
    judged.faults = sorted([*judged.faults, *records.faults], key=lambda fault: fault.line or 0)
    return judged


def _refuse_nearly(records: Records, batch: Batch) -> None:
    """Raises Unacceptable for columns that are nearly known, of rows in the API's own terms: their
    cells would be left out, or become extras, and nothing in the runs would say so.
    """
    if records.nearly and _is_plain(records.readable[:1], batch):
        raise Unacceptable(
            f"the header is nearly right: {records.nearly[0].detail} Rename the column; one that "
            "is meant as it is needs another name, or an adapter (?adapter=)",
            code="nearly_known",
            faults=records.nearly,
        )


def _is_plain(first: list[Record], batch: Batch) -> bool:
    try:
        return all(format_of(record.members, batch.format).name == ROWS for record in first)
    except RowRefused:
        return False


def _whole(records: list[Record], batch: Batch, judged: Judged) -> list[Record]:
    """The records, streams joined; rows that the caller says to be rows are no streams."""
    if batch.adapter is not None or batch.format == ROWS:
        return records
    whole, passed_over = joined(records)
    if passed_over:
        judged.assumed["chunks", CHUNKS] += passed_over
    return whole


def _read(record: Record, batch: Batch, judged: Judged) -> list[Run]:
    """A record's runs. Raises RowRefused, whatever may be wrong with it."""
    try:
        runs = _runs(record, batch, judged)
        for run in runs:
            check_storable(run)
        return runs
    except (RowRefused, MemoryError):
        raise
    except Exception as exc:
        # The last resort: what was not foreseen in one record must not cost the others.
        detail = "the row could not be read: a fault of ours, which was noted"
        raise RowRefused("", ROW_UNREADABLE, detail) from exc


def _runs(record: Record, batch: Batch, judged: Judged) -> list[Run]:
    """A record's runs. What its format refuses is refused alone, other rows where they stand
    alone; else it is all of a record or nothing, as half of its repetitions would be another
    measurement.
    """
    if batch.adapter is not None:
        return [run_by_adapter(record.members, record.index, batch, batch.adapter, judged.note)]
    found, rows = rows_of(record.members, judged.note, batch.format)
    if rows != ():
        judged.formats.add(found.name)
    runs, refused = [], []
    for row in rows:
        try:
            runs.append(_run(row, record.index, batch, judged.note, by_tool=found.name != ROWS))
        except RowRefused as exc:
            if not (found.rows_stand_alone or row is exc):
                raise
            refused.append(_fault(record, exc))
    judged.faults += refused
    return runs


def _run(
    row: Mapping[str, Any] | RowRefused, place: int, batch: Batch, note: Note, *, by_tool: bool
) -> Run:
    if isinstance(row, RowRefused):
        raise row
    return run_of(row, place, batch, note, by_tool=by_tool)


def _add(judged: Judged, runs: list[Run]) -> None:
    if len(judged.runs) + len(runs) > MAX_RUNS:
        raise TooLarge(
            f"at most {MAX_RUNS} runs a call; send them in several",
            code="too_many_rows",
            limit_rows=MAX_RUNS,
        )
    judged.runs += runs


def without_repeats(runs: Iterable[Run], known: set[str]) -> list[Run]:
    """The runs whose ids are neither known nor there before in the same import."""
    seen = set(known)
    fresh = []
    for run in runs:
        if run.run_id not in seen:
            seen.add(run.run_id)
            fresh.append(run)
    return fresh


def _fault(record: Record, refused: RowRefused) -> Fault:
    pointer = f"/rows/{record.index}"
    if refused.path:
        pointer = f"{pointer}/{refused.path}"
    return Fault(pointer, refused.code, refused.detail, record.line)
