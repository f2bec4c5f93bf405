"""Batches of flat rows of one shape, judged at once instead of row by row.

Most batches are such. One decode in C, a few scans of the text for single characters
and one replacement take the place of a thousand verdicts. Each check says "surely
good" or "not known"; what is not known is left to `rows`, which decides (decision
0009 has the proof).
"""

from dataclasses import dataclass
from itertools import repeat
from operator import is_not
from typing import Any

import msgspec
from msgspec import UNSET

from shared.datasets.adapters import Adapter
from shared.datasets.rows import LINE_BREAKS, MAX_ROW_BYTES, has_spaced_colon
from shared.datasets.sent import SentRows
from shared.datasets.shapes import Shape, shape_of


@dataclass(frozen=True)
class UniformRows:
    """Rows of which none is bad: their text from the first brace to the last, and their values.

    `joint` is what stands between two rows, from brace to brace.
    """

    count: int
    text: bytes
    joint: bytes
    columns: dict[str, list[Any]]

    def at(self, field: str | None) -> list[Any] | None:
        """The values of a field, None where a row lacks it; None for a field that none has."""
        return None if field is None else self.columns.get(field)

    def stored(self, meta: bytes) -> bytes:
        """The stored lines of all rows, with the server's members added to each."""
        end = b"," + meta + b"}\n"
        return self.text[:-1].replace(self.joint, end + b"{") + end


def uniform_rows(sent: SentRows, adapter: Adapter | None) -> UniformRows | None:
    """The rows, if they are surely good and have what the adapter needs; else None."""
    text = sent.text
    if text is None or b"\\" in text:
        return None
    first, last = text.find(b"{"), text.rfind(b"}")
    keys = _keys(text[first : text.find(b"}") + 1])
    for may_lack_keys in (False, True):
        shape = shape_of(keys, adapter, partial=may_lack_keys)
        rows = None if shape is None else _decoded(text, sent.form, shape)
        if shape is not None and rows is not None:
            return _checked(text[first : last + 1], sent.form, shape, rows)
    return None


def _keys(row: bytes) -> frozenset[str]:
    try:
        return frozenset(msgspec.json.decode(row, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()


def _decoded(text: bytes, form: str, shape: Shape) -> list[Any] | None:
    try:
        return shape.array.decode(text) if form == "array" else shape.line.decode_lines(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _checked(text: bytes, form: str, shape: Shape, rows: list[Any]) -> UniformRows | None:
    """The rows if counting proves them flat, without duplicate keys, and evenly spaced."""
    if b"\n" in text or b"\r" in text:
        text = text.replace(b"\r\n", b"\n") if form == "lines" else text.translate(LINE_BREAKS)
    joint = b"}\n{" if form == "lines" else _joint(text)
    count = len(rows)
    flat = text.count(b"{") == count and b"[" not in text
    if not flat or text.count(joint) != count - 1 or not _are_lines(text, form, count):
        return None
    columns = _columns(shape, rows)
    keys = _without_holes(columns) if shape.partial else len(columns) * count
    if text.count(b'":') != keys or has_spaced_colon(text):
        return None
    if len(text) > MAX_ROW_BYTES and max(map(len, text.split(joint))) + 2 > MAX_ROW_BYTES:
        return None
    return UniformRows(count, text, joint, columns)


def _joint(text: bytes) -> bytes:
    """What stands between the first two rows, from brace to brace."""
    return text[text.find(b"}") : text.find(b"{", 1) + 1] or b"},{"


def _are_lines(text: bytes, form: str, count: int) -> bool:
    """Whether each row has a line of its own, where that matters."""
    return form == "array" or (text.count(b"\n") == count - 1 and b"\r" not in text)


def _columns(shape: Shape, rows: list[Any]) -> dict[str, list[Any]]:
    values = map(list, zip(*map(msgspec.structs.astuple, rows), strict=True))
    return dict(zip(shape.keys, values, strict=True))


def _without_holes(columns: dict[str, list[Any]]) -> int:
    """Put None where a row lacks a key; how many keys there are, if none is there twice."""
    keys = 0
    for name, column in columns.items():
        there = sum(map(is_not, column, repeat(UNSET)))
        keys += there
        if there < len(column):
            columns[name] = [None if value is UNSET else value for value in column]
    return keys
