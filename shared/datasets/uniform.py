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
from shared.datasets.rows import LINE_BREAKS, MAX_ROW_BYTES, strings_in
from shared.datasets.sent import SentRows
from shared.datasets.shapes import Shape, shape_of


@dataclass(frozen=True)
class UniformRows:
    """Rows of which none is bad, and their values by key.

    Each row is a brace, `head`, its text of `texts`, and a brace.
    """

    head: bytes
    texts: list[bytes]
    columns: dict[str, list[Any]]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.texts)

    def at(self, field: str | None) -> list[Any] | None:
        """The values of a field, None where a row lacks it; None for a field that none has."""
        return None if field is None else self.columns.get(field)

    def stored(self, meta: bytes) -> bytes:
        """The stored lines of all rows, with the server's members added to each."""
        start, end = b"{" + self.head, b"," + meta + b"}\n"
        return start + (end + start).join(self.texts) + end


def uniform_rows(sent: SentRows, adapter: Adapter | None) -> UniformRows | None:
    """The rows, if they are surely good and have what the adapter needs; else None."""
    text = sent.text
    if text is None or b"\\" in text:
        return None
    keys = _keys(text[text.find(b"{") : text.find(b"}") + 1])
    for may_lack_keys in (False, True):
        shape = shape_of(keys, adapter, partial=may_lack_keys)
        rows = None if shape is None else _decoded(text, sent.form, shape)
        if shape is not None and rows is not None:
            return _checked(text, sent.form, shape, rows)
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
    """The rows if counting proves them flat, evenly spaced, small, and without duplicate keys."""
    head, texts = _taken_apart(text, form, len(rows))
    inside = b"".join(texts)
    if len(texts) != len(rows) or b"{" in inside or b"[" in inside:
        return None
    if form == "lines" and _has_line_break(inside):
        return None
    columns = _columns(shape, rows)
    keys = _without_holes(columns) if shape.partial else len(columns) * len(rows)
    # Without escapes, quotes stand around keys and strings and nowhere else.
    quotes = inside.count(b'"') + len(texts) * head.count(b'"')
    if quotes != 2 * (keys + sum(map(strings_in, columns.values()))):
        return None
    if shape.partial and not head and not all(map(bytes.strip, texts)):
        return None
    largest = max(map(len, texts)) if len(text) > MAX_ROW_BYTES else 0
    return None if largest + len(head) + 2 > MAX_ROW_BYTES else UniformRows(head, texts, columns)


def _taken_apart(text: bytes, form: str, count: int) -> tuple[bytes, list[bytes]]:
    """What all rows begin with, and what follows it in each, if all are equally far apart.

    Where all begin with the same key, that is looked for too: it makes the search quick.
    """
    if form == "array" and _has_line_break(text):
        text = text.translate(LINE_BREAKS)
    first, last = text.find(b"{") + 1, text.rfind(b"}")
    head = text[first : text.find(b'"', text.find(b'"', first) + 1) + 1]
    joint = text[text.find(b"}") : text.find(b"{", first) + 1] or b"},{"
    if form == "lines" and count > 1 and joint not in (b"}\n{", b"}\r\n{"):
        return b"", []
    texts = text[first + len(head) : last].split(joint + head)
    return (head, texts) if len(texts) == count else (b"", text[first:last].split(joint))


def _has_line_break(text: bytes) -> bool:
    return b"\n" in text or b"\r" in text


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
