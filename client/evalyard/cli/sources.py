"""Files as rows: JSON lines, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO

import click

from evalyard.core.rows import UnfitRow

_DECODER = json.JSONDecoder()
# Between the elements of an array.
_GAP = re.compile(r"[ \t\r\n,]*")
# More than a row may have; beyond it a quote was left open.
_LARGEST_CELL = 2**20
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


def prompt_of(content: bytes, name: str) -> str:
    """The text of a file that is a prompt, without the mark that Windows begins it with."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{name} is not UTF-8: save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unreadable(file: BinaryIO) -> str:
    """Why a file cannot be read as it is, by its first bytes; empty where it may be."""
    begin = file.peek(2)[:2] if isinstance(file, io.BufferedReader) else b""
    if begin == _GZIP:
        return "it is compressed: `gunzip -c FILE | evalyard …` sends what is in it"
    if begin in _UTF16:
        return "it is UTF-16, as Windows PowerShell and Excel write it: save it as UTF-8"
    return ""


def _of_json(file: BinaryIO, name: str) -> Iterable[bytes]:
    """The elements of an array as they stand there, so that each is judged as a line would be."""
    text = file.read().decode("utf-8-sig", errors="surrogateescape")
    try:
        json.loads(text)
    except ValueError as error:
        raise click.UsageError(
            f"{name} is no JSON document: {error}; JSON lines end with .jsonl"
        ) from error
    return (each.encode(errors="surrogateescape") for each in _elements(text))


def _elements(text: str) -> Iterator[str]:
    """The elements of a JSON array; another document is the only one."""
    text = text.strip()
    if not text.startswith("["):
        yield text
        return
    place = _after_gap(text, 1)
    while text[place] != "]":
        end = _DECODER.raw_decode(text, place)[1]
        yield text[place:end]
        place = _after_gap(text, end)


def _after_gap(text: str, place: int) -> int:
    found = _GAP.match(text, place)
    return found.end() if found else place


def _of_csv(file: BinaryIO) -> Iterator[dict[str, Any] | UnfitRow]:
    # Bytes that are no text are seen in the row that has them.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    csv.field_size_limit(_LARGEST_CELL)
    try:
        lines = csv.reader(text, strict=True)
        header = _header(lines)
        while (row := _csv_row(lines, header)) is not None:
            if row:
                yield row
    finally:
        # The file is its opener's to close.
        text.detach()


def _header(lines: Iterator[list[str]]) -> list[str]:
    try:
        header = next(lines, [])
    except csv.Error as error:
        raise click.UsageError(f"the header is no CSV: {error}") from error
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise click.UsageError(
            "the columns are separated by semicolons or tabs: save it as CSV with commas, and "
            "with points in numbers"
        )
    if not _is_text(header):
        raise click.UsageError("the CSV is not UTF-8: save it as CSV UTF-8")
    if twice := [name for name, times in Counter(header).items() if times > 1]:
        raise click.UsageError(f"the column {twice[0]!r} is there twice: give each its own name")
    return header


def _csv_row(lines: Iterator[list[str]], header: Sequence[str]) -> dict[str, Any] | UnfitRow | None:
    """The next row; an empty one of an empty line, None at the end."""
    try:
        cells = next(lines, None)
    except csv.Error as error:
        return UnfitRow("malformed_csv", f"the line is no CSV: {error}")
    if not cells:
        return None if cells is None else {}
    if len(cells) != len(header):
        detail = f"the line has {len(cells)} cells, the header {len(header)}"
        return UnfitRow("wrong_number_of_cells", detail)
    if not _is_text(cells):
        return UnfitRow("invalid_utf8", "the row is not UTF-8: save the file as CSV UTF-8")
    return dict(zip(header, map(_value, cells), strict=True))


def _is_text(cells: Sequence[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True


def _value(text: str) -> Any:
    """A cell: empty is null, numbers and truth values are such; what would change stays text."""
    if not text:
        return None
    if text in ("true", "false"):
        return text == "true"
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if type(value) in (int, float) and abs(value) < 1e300 else text
