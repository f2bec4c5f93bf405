"""Files as rows: JSON lines, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click


def rows(file: BinaryIO, name: str) -> Iterable[Any]:
    """The rows of JSON lines, a JSON array or CSV; lines and CSV are read as they are needed."""
    suffix = name.lower() if name.startswith(".") else Path(name).suffix.lower()
    if suffix == ".csv":
        return _of_csv(file)
    if suffix != ".json":
        return (line for line in file if line.strip(b"\xef\xbb\xbf \t\r\n"))
    return _of_json(file, name)


def opened(name: str) -> BinaryIO:
    """A file by its name, or stdin."""
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error


def _of_json(file: BinaryIO, name: str) -> list[Any]:
    try:
        found = json.loads(file.read().decode("utf-8-sig"))
    except ValueError as error:
        raise click.UsageError(
            f"{name} is no JSON document: {error}; JSON lines end with .jsonl"
        ) from error
    return found if isinstance(found, list) else [found]


def _of_csv(file: BinaryIO) -> Iterator[dict[str, Any]]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        for row in csv.DictReader(text):
            yield {name: _value(value) for name, value in row.items() if name is not None}
    finally:
        # The file is its opener's to close.
        text.detach()


def _value(text: Any) -> Any:
    """A cell: empty is null, numbers and truth values are such; what would change stays text."""
    if not isinstance(text, str) or not text:
        return None
    if text in ("true", "false"):
        return text == "true"
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if type(value) in (int, float) and abs(value) < 1e300 else text
