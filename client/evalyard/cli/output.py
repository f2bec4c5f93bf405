"""Data on stdout as a table, JSON, JSON lines, CSV or Markdown."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from evalyard.cli.session import Session

Row = Mapping[str, Any]
# Characters of a column; a terminal with less is shown each row as lines.
_NARROWEST = 6


def show_rows(session: Session, items: Iterable[Any], columns: Sequence[str]) -> int:
    """Print items as they come; how many there were.

    Columns are what people see; JSON has all members, and CSV, which programs read, whole values.
    """
    rows = (as_row(item) for item in items)
    kind = session.format
    if kind == "jsonl":
        return _count(rows, lambda row: print(compact(row)))
    if kind == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        return _count(rows, lambda row: writer.writerow([_exact(_at(row, c)) for c in columns]))
    everything = list(rows)
    if kind == "json":
        print(json.dumps(everything, indent=2, ensure_ascii=False))
    elif kind == "md":
        print(markdown(everything, columns))
    else:
        _table(everything, columns)
    return len(everything)


def show_one(session: Session, item: Any, columns: Sequence[str]) -> None:
    """Print one object: for people its columns, one a line."""
    row = as_row(item)
    if session.format == "json":
        print(json.dumps(row, indent=2, ensure_ascii=False))
    elif session.format == "jsonl":
        print(compact(row))
    elif session.format == "csv":
        show_rows(session, [row], columns)
    else:
        pairs = [{"name": name, "value": _cell(row, name, "–")} for name in columns]
        print(markdown(pairs, ("name", "value")) if session.format == "md" else _lines(pairs))


def as_row(item: Any) -> dict[str, Any]:
    """An answer as plain values."""
    row: dict[str, Any] = msgspec.to_builtins(item)
    return row


def compact(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def markdown(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A table of Markdown."""
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row, c, "").replace("|", "\\|") for c in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lines(pairs: Sequence[Row]) -> str:
    """Names and values, one a line."""
    width = max(len(pair["name"]) for pair in pairs)
    return "\n".join(f"{pair['name']:<{width}}  {pair['value']}" for pair in pairs)


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    # Imported here, as a script that reads JSON lines has no use for it.
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    # Without a height Rich takes a redirected output with FORCE_COLOR for 80 columns.
    console = Console() if sys.stdout.isatty() else Console(width=200, height=100)
    if console.width < _NARROWEST * len(columns):
        pairs = ([{"name": c, "value": _cell(row, c, "–")} for c in columns] for row in rows)
        print("\n\n".join(map(_lines, pairs)))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numbers = [_at(row, column) for row in rows if _at(row, column) is not None]
        right = bool(numbers) and all(isinstance(n, (int, float)) for n in numbers)
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[escape(_cell(row, column, "–")) for column in columns])
    # Rich would end the process where the reader has left.
    with console.capture() as captured:
        console.print(table)
    sys.stdout.write(captured.get())


def _count(rows: Iterable[Row], write: Any) -> int:
    number = 0
    for row in rows:
        write(row)
        number += 1
    return number


def _at(row: Row, path: str) -> Any:
    """A member by its name, or by a dotted path."""
    if path in row:
        return row[path]
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _exact(value: Any) -> str:
    """A value as JSON writes it, text as it is, null as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else compact(value)


def _cell(row: Row, column: str, nothing: str) -> str:
    return _shown(_at(row, column), nothing)


def _shown(value: Any, nothing: str) -> str:
    """A value as people read it."""
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1_000 else f"{value:.0f}"
    if isinstance(value, (list, tuple)) and not any(isinstance(v, (dict, list)) for v in value):
        return ", ".join(_shown(each, "–") for each in value)
    return compact(value) if isinstance(value, (dict, list)) else " ".join(str(value).split())
