"""CSV (RFC 4180) to records: the export's columns in any order, and whatever else has a header.

Python's reader takes an empty cell (null) and `""` (empty text) for the same, hence our own.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from shared.datasets import Adapter
from shared.errors import Fault, MalformedInput, Unacceptable
from shared.imports.adapted import names_of, readers_of
from shared.imports.hints import meant_by, refuse_header
from shared.imports.members import RepeatedKey
from shared.imports.moments import OTHER_NAMES, OWN_NAMES
from shared.imports.numbers import number_of
from shared.imports.records import MAX_RUNS, Record, Records, misfit
from shared.imports.run import KNOWN
from shared.json_rules import repeated_member
from shared.row_bodies import check_count
from shared.runs import SHOWN, Kind
from shared.spreadsheets import unguarded

# A cell and what ends it: a quoted one, or one that does not begin with a quote.
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*)?)(,|\r\n|\n|\r|\Z)')
_FLAGS = {"true": True, "false": False, "1": True, "0": False}

_TEXTS = frozenset(column.public_name for column in SHOWN if column.kind == "text")

_PADDED = "white space around it was left out, as its header has some"

# None is an empty cell.
Cells = list[str | None]


class _Line(NamedTuple):
    number: int
    cells: Cells


def records_of_csv(text: str, *, guard: bool = True, adapter: Adapter | None = None) -> Records:
    """The records of a CSV text, its first line being the header.

    With `guard` a `'` before text that a spreadsheet would run is taken off; an `adapter` says
    what further columns hold. Raises
    MalformedInput for what is no CSV, Unacceptable for a header that says nothing, and
    TooLarge for more than 50,000 lines.
    """
    lines = _lines(text)
    header = next(lines, None)
    if header is None:
        raise MalformedInput("the body is empty: CSV begins with a header", code="malformed_csv")
    known = KNOWN if adapter is None else KNOWN | names_of(adapter)
    refuse_header(header.cells, known)
    names = _names(header)
    rows = list(lines)
    check_count(rows, MAX_RUNS)
    text_of = unguarded if guard else str
    given = {} if adapter is None else readers_of(adapter, text=text_of, flag=_flag)
    readers = [given.get(name) or _reader(name, text_of) for name in names]
    padded = [_is_padded(cell) for cell in header.cells]
    readers = [_stripped(read) if at else read for read, at in zip(readers, padded, strict=True)]
    fitting = [len(row.cells) == len(names) for row in rows]
    return Records(
        [
            Record(index, row.number, _members(names, readers, row.cells))
            for index, row in enumerate(rows)
            if fitting[index]
        ],
        tuple(
            misfit(index, row.number, len(row.cells), len(names))
            for index, row in enumerate(rows)
            if not fitting[index]
        ),
        # A line without a known column is no header: then nothing was sent.
        has_header=not known.isdisjoint(names),
        assumed=tuple(
            (name, _PADDED) for name, at in zip(names, padded, strict=True) if at and name
        ),
        nearly=() if adapter is not None or known.isdisjoint(names) else _nearly(names),
    )


def _nearly(names: list[str]) -> tuple[Fault, ...]:
    """The columns that a known one was probably meant by."""
    return tuple(
        Fault("", "nearly_known", f"{name[:100]!r} is not known; is {meant!r} meant?", 1)
        for name, meant in meant_by((name for name in names if name), KNOWN).items()
    )


def _lines(text: str) -> Iterator[_Line]:
    """The lines that are not blank, numbered as an editor does."""
    place, number, cells = 0, 1, []
    first = 1
    while True:
        found = _CELL.match(text, place)
        if found is None:
            raise _malformed(number)
        quoted, plain, end = found.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        number += _line_breaks(quoted)
        place = found.end()
        if end != ",":
            if cells != [None]:
                yield _Line(first, cells)
            if place == len(text):
                return
            number += 1
            cells, first = [], number


def _line_breaks(quoted: str | None) -> int:
    return 0 if quoted is None else quoted.count("\n")


def _malformed(number: int) -> MalformedInput:
    return MalformedInput(
        f"line {number} is not CSV: a quote is not closed, or something follows it",
        code="malformed_csv",
        faults=(Fault("", "malformed_csv", "a quote is not closed, or something follows", number),),
    )


def _names(header: _Line) -> list[str]:
    names = [(cell or "").strip() for cell in header.cells]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Unacceptable(
            f"the header names {twice[0][:100]!r} twice",
            code="duplicate_column",
            faults=(Fault("", "duplicate_column", f"{twice[0][:100]!r} is there twice", 1),),
        )
    return names


def _members(names: list[str], readers: list[Callable[[str], Any]], cells: Cells) -> dict[str, Any]:
    """The cells by column; an unnamed column is left out."""
    return {
        name: None if cell is None else read(cell)
        for name, read, cell in zip(names, readers, cells, strict=True)
        if name
    }


def _reader(name: str, text: Callable[[str], Any]) -> Callable[[str], Any]:
    if name in _TEXTS:
        return text
    return _READERS.get(name, _number_or_text)


def _is_padded(cell: str | None) -> bool:
    """Whether there is white space after the commas, which belongs to nothing then."""
    return cell is not None and cell != cell.strip()


def _stripped(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads a cell without the white space around it, and the quotes that it has inside of that."""

    def read_stripped(cell: str) -> Any:
        text = cell.strip()
        quoted = text != cell and len(text) > 1 and text[0] == text[-1] == '"'
        return read(text[1:-1].replace('""', '"') if quoted else text)

    return read_stripped


def _number_or_text(cell: str) -> int | float | str:
    found = number_of(cell)
    return cell if found is None else found


def _flag(cell: str) -> bool | str:
    return _FLAGS.get(cell.strip().lower(), cell)


def _object(cell: str) -> Any:
    """What the cell holds as JSON; what is none, or has a key twice, is refused when it is read."""
    try:
        found = msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        return cell
    key = repeated_member(cell.encode())
    return found if key is None else RepeatedKey(key)


_BY_KIND: dict[Kind, Callable[[str], Any]] = {
    "numbers": _object,
    "texts": _object,
    "flag": _flag,
    "instant": str,
}
_READERS = (
    {column.public_name: _BY_KIND[column.kind] for column in SHOWN if column.kind in _BY_KIND}
    | dict.fromkeys((*OWN_NAMES, *OTHER_NAMES), str)
    | {"done": _flag}
)
