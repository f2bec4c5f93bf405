"""The records of an import as they were sent: members by name, in the order of the body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.datasets import judge_rows
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

    With a header even no record says something: that there was none to export.
    """

    readable: list[Record]
    faults: tuple[Fault, ...] = ()
    has_header: bool = False


def records_of_json(rows: list[SentRow]) -> Records:
    """The records of JSON texts. Raises TooLarge for more than 50,000."""
    check_count(rows, MAX_RUNS)
    accepted, faults = judge_rows(rows)
    return Records([Record(row.index, row.line, row.members) for row in accepted], tuple(faults))
