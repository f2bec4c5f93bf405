"""Writes the tables of definitions into docs/usage.md, of columns into docs/runs.md, and the
formats of an import into docs/import-formats.md.

Each stands between two markers. `make openapi` runs it, and a test fails when a page is not
what it would write.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from shared.imports import FORMATS, Format
from shared.runs import EXPORTED, MAX_LABEL_CHARACTERS, Column, Kind
from shared.usage import DEFINITIONS, Definition
from tools.template import ROOT


class Part(NamedTuple):
    """A part of a page that is written by this tool: what its markers are called, and its text."""

    page: str
    name: str
    text: Callable[[], str]

    @property
    def target(self) -> Path:
        """The page's file."""
        return ROOT / "docs" / self.page

    def render(self, guide: str) -> str:
        """The page with the present text between its markers."""
        begin = f"<!-- {self.name}: written by tools/build_definitions.py -->\n"
        end = f"<!-- end of {self.name} -->\n"
        before, _, rest = guide.partition(begin)
        _, marker, after = rest.partition(end)
        assert marker, f"docs/{self.page} has lost its markers"
        return before + begin + self.text() + end + after


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(map(_line, (head, ("---",) * len(head), *rows)))


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


def _format(one: Format) -> str:
    kinds = ", ".join(f"`{kind}`" for kind in one.media_types)
    about = f"\n## {one.name}\n\n{one.title}. Sent as {kinds}.\n\nRecognised by: {one.told_by}.\n"
    fields = _table(
        ("from", "to", "unit"), [(f, f"`{t}`", unit or "") for f, t, unit in one.sources]
    )
    dropped = f"\nLeft out: {'; '.join(one.dropped)}.\n" if one.dropped else ""
    return f"{about}\n{fields}{dropped}"


DEFINITION_TABLE = Part(
    "usage.md",
    "definitions",
    lambda: _table(
        ("metric", "formula", "unit", "better", "kind", "source"), map(_definition, DEFINITIONS)
    ),
)
COLUMN_TABLE = Part(
    "runs.md",
    "columns",
    lambda: _table(
        ("column", "what it is", "value", "filter", "group", "in an import, if absent"),
        map(_column, EXPORTED),
    ),
)
FORMAT_SECTIONS = Part(
    "import-formats.md", "formats", lambda: "".join(map(_format, FORMATS)).lstrip() + "\n"
)
PARTS = (DEFINITION_TABLE, COLUMN_TABLE, FORMAT_SECTIONS)


if __name__ == "__main__":
    for part in PARTS:
        text = part.target.read_text(encoding="utf-8")
        part.target.write_text(part.render(text), encoding="utf-8")
