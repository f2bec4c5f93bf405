"""The records of an import as they were sent: members by name, in the order of the body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.datasets import validate_rows
from shared.errors import Fault
from shared.row_bodies import SentRow, check_count

MAX_RUNS = 50_000


@dataclass(frozen=True)
class Record:
    """One record: its place from 0, its line in the body, and its members."""

    index: int
    line: int
    members: Mapping[str, Any]


@dataclass(frozen=True)
class Records:
    """What was sent, in order; `faults` are about records that could not be read at all.

    With a header even no record says something: that there was none to export. `common`
    are the labels and the time of an object around the rows. `assumed` names members that were
    treated in some way before there were records, and how. `nearly` are faults of a header whose
    columns are nearly known ones: they are none where a tool wrote the records.
    """

    readable: list[Record]
    faults: tuple[Fault, ...] = ()
    has_header: bool = False
    common: Mapping[str, Any] = field(default_factory=dict)
    assumed: tuple[tuple[str, str], ...] = ()
    nearly: tuple[Fault, ...] = ()


def misfit(index: int, line: int, cells: int, wanted: int) -> Fault:
    """What is wrong with a row of a table that has not one cell for each of the header's."""
    detail = f"the line has {cells} cells, the header {wanted}"
    return Fault(f"/rows/{index}", "wrong_number_of_cells", detail, line)


def records_of_json(
    rows: list[SentRow],
    common: Mapping[str, Any] | None = None,
    assumed: tuple[tuple[str, str], ...] = (),
) -> Records:
    """The records of JSON texts, and what is said around them.

    Raises TooLarge for more than 50,000.
    """
    check_count(rows, MAX_RUNS)
    accepted, faults = validate_rows(rows)
    return Records(
        [Record(row.index, row.line, row.members) for row in accepted],
        tuple(faults),
        common=common or {},
        assumed=assumed,
    )
