"""Writes the tables of definitions into docs/usage.md and of columns into docs/runs.md.

Each stands between two markers. `make openapi` runs it, and a test fails when a page is not
what it would write.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from shared.runs import EXPORTED, MAX_LABEL_CHARACTERS, Column, Kind  # noqa: E402  # The path is set above.
from shared.usage import DEFINITIONS, Definition  # noqa: E402  # The path is set above.


class Table(NamedTuple):
    """A table of a page: what its markers are called, its head, and its rows."""

    page: str
    name: str
    head: tuple[str, ...]
    rows: Callable[[], Iterable[tuple[str, ...]]]

    @property
    def target(self) -> Path:
        """The page's file."""
        return ROOT / "docs" / self.page

    def render(self, guide: str) -> str:
        """The page with the present table between its markers."""
        begin = f"<!-- {self.name}: written by tests/tools/build_definitions.py -->\n"
        end = f"<!-- end of {self.name} -->\n"
        before, _, rest = guide.partition(begin)
        _, marker, after = rest.partition(end)
        assert marker, f"docs/{self.page} has lost its markers"
        lines = map(_line, (self.head, ("---",) * len(self.head), *self.rows()))
        return before + begin + "".join(lines) + end + after


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _definition(one: Definition) -> tuple[str, ...]:
    name = f"`{one.metric}` {one.name}" + (
        f" (v{one.definition_version})" if one.definition_version > 1 else ""
    )
    return (name, one.formula, one.unit or "", one.better or "", one.kind, one.source)


_VALUES: dict[Kind, str] = {
    "text": f"text, at most {MAX_LABEL_CHARACTERS} characters",
    "count": "whole number from 0",
    "amount": "number from 0",
    "flag": "true or false",
    "instant": "ISO 8601, or epoch s, ms, µs, ns",
    "numbers": "object of numbers",
}


def _column(column: Column) -> tuple[str, ...]:
    value = f"text, cut to {column.cut} characters" if column.cut else _VALUES[column.kind]
    null = ", or null" if column.nullable else ""
    return (
        f"`{column.public_name}`",
        column.about.removesuffix("."),
        value + null,
        "yes" if column.filterable else "",
        "yes" if column.role == "dimension" else "",
        column.absent,
    )


DEFINITION_TABLE = Table(
    "usage.md",
    "definitions",
    ("metric", "formula", "unit", "better", "kind", "source"),
    lambda: map(_definition, DEFINITIONS),
)
COLUMN_TABLE = Table(
    "runs.md",
    "columns",
    ("column", "what it is", "value", "filter", "group", "in an import, if absent"),
    lambda: map(_column, EXPORTED),
)
TABLES = (DEFINITION_TABLE, COLUMN_TABLE)


if __name__ == "__main__":
    for table in TABLES:
        text = table.target.read_text(encoding="utf-8")
        table.target.write_text(table.render(text), encoding="utf-8")
