"""Files as rows: JSON lines, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO

import click

_GZIP, _UTF16 = b"\x1f\x8b", (b"\xff\xfe", b"\xfe\xff")


def files(names: Sequence[str], *, on_windows: bool = os.name == "nt") -> list[str]:
    """The files that names say: Windows leaves `*.json` to the program."""
    if not on_windows:
        return list(names)
    return [each for name in names for each in (sorted(glob(name)) or [name])]


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


def unreadable(file: BinaryIO) -> str:
    """Why a file cannot be read as it is, by its first bytes; empty where it may be."""
    begin = file.peek(2)[:2] if isinstance(file, io.BufferedReader) else b""
    if begin == _GZIP:
        return "it is compressed: `gunzip -c FILE | evalyard …` sends what is in it"
    if begin in _UTF16:
        return "it is UTF-16, as Windows PowerShell and Excel write it: save it as UTF-8"
    return ""


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
        reader = csv.DictReader(text)
        header = reader.fieldnames or []
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            raise click.UsageError(
                "the columns are separated by semicolons or tabs: save it as CSV with commas, and "
                "with points in numbers"
            )
        for row in reader:
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
