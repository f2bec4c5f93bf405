"""Writes the tables of definitions into docs/usage.md, of columns into docs/runs.md, the formats
of an import into docs/import-formats.md, and the columns of the Glue table into template.yaml.

Each stands between two markers. `make openapi` runs it, and a test fails when a file is not
what it would write.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from shared.imports import FORMATS, Format
from shared.runs import COLUMNS, EXPORTED, MAX_LABEL_CHARACTERS, PREFIX, Column, Kind
from shared.usage import DEFINITIONS, Definition
from tools.template import ROOT


class Part(NamedTuple):
    """A part of a file that is written by this tool: what its markers are called, and its text.

    `comment` is how the file's language marks a comment of one line.
    """

    file: str
    name: str
    text: Callable[[], str]
    comment: str = "<!-- {} -->\n"

    @property
    def target(self) -> Path:
        """The file."""
        return ROOT / self.file

    def render(self, whole: str) -> str:
        """The file's text with the present part between its markers."""
        begin = self.comment.format(f"{self.name}: written by tools/build_definitions.py")
        end = self.comment.format(f"end of {self.name}")
        before, _, rest = whole.partition(begin)
        _, marker, after = rest.partition(end)
        assert marker, f"{self.file} has lost its markers"
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
    "texts": "object of texts, numbers and booleans",
}


def _column(column: Column) -> tuple[str, ...]:
    value = f"text, cut to {column.cut} characters" if column.cut else _VALUES[column.kind]
    null = ", or null" if column.nullable else ""
    return (
        f"`{column.public_name}`",
        column.about.removesuffix("."),
        value + null,
        *(_by_name(column) or _used(column)),
        column.absent,
    )


def _used(column: Column) -> tuple[str, str]:
    """Whether runs are filtered by it, and grouped."""
    grouped = column.role == "dimension"
    return ("yes" if column.filterable else "", "yes" if grouped else "")


def _by_name(column: Column) -> tuple[str, str] | None:
    """By what runs are filtered and grouped where each member is a dimension."""
    name = f"`{PREFIX}<name>`"
    return (name, name) if column.kind == "texts" else None


_GLUE: dict[Kind, str] = {
    "text": "string",
    "count": "bigint",
    "amount": "double",
    "flag": "boolean",
    "instant": "timestamp",
    "numbers": '"map<string,double>"',
    "texts": '"map<string,string>"',
}


def _glue_column(column: Column) -> str:
    name, kind = column.public_name, _GLUE[column.kind]
    about = json.dumps(column.about, ensure_ascii=False)
    return f"            - {{Name: {name}, Type: {kind}, Comment: {about}}}\n"


def _format(one: Format) -> str:
    kinds = ", ".join(f"`{kind}`" for kind in one.media_types)
    about = f"\n## {one.name}\n\n{one.title}. Sent as {kinds}.\n\nRecognised by: {one.told_by}.\n"
    fields = _table(
        ("from", "to", "unit"), [(f, f"`{t}`", unit or "") for f, t, unit in one.sources]
    )
    if all(source == column for source, column, _ in one.sources):
        fields = "Members: the columns of [a run](runs.md), under their names.\n"
    dropped = f"\nLeft out: {'; '.join(one.dropped)}.\n" if one.dropped else ""
    return f"{about}\n{fields}{dropped}"


DEFINITION_TABLE = Part(
    "docs/usage.md",
    "definitions",
    lambda: _table(
        ("metric", "formula", "unit", "better", "kind", "source"), map(_definition, DEFINITIONS)
    ),
)
COLUMN_TABLE = Part(
    "docs/runs.md",
    "columns",
    lambda: _table(
        ("column", "what it is", "value", "filter", "group", "in an import, if absent"),
        map(_column, EXPORTED),
    ),
)
FORMAT_SECTIONS = Part(
    "docs/import-formats.md", "formats", lambda: "".join(map(_format, FORMATS)).lstrip() + "\n"
)
GLUE_COLUMNS = Part(
    "template.yaml",
    "columns",
    lambda: "".join(map(_glue_column, COLUMNS)),
    "            # {}\n",
)
PARTS = (DEFINITION_TABLE, COLUMN_TABLE, FORMAT_SECTIONS, GLUE_COLUMNS)


if __name__ == "__main__":
    for part in PARTS:
        text = part.target.read_text(encoding="utf-8")
        part.target.write_text(part.render(text), encoding="utf-8")
