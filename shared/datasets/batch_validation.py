"""Batches of flat rows of one shape, judged at once instead of row by row.

Most batches are such. One decode in C, one split of the text and a few scans for single
characters take the place of a thousand verdicts. Each check says "surely
good" or "not known"; what is not known is left to `rows`, which decides (decision
0009 has the proof).
"""

from itertools import repeat
from operator import is_not
from typing import Any

import msgspec
from msgspec import UNSET

from shared.datasets.adapters import Adapter
from shared.datasets.request_rows import RequestRows
from shared.datasets.rows import LINE_BREAKS, MAX_ROW_BYTES, strings_in
from shared.datasets.shapes import Shape, shape_of

_ROWS = msgspec.json.Decoder(dict[str, Any])


class UniformRows(msgspec.Struct, frozen=True):
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
        # The first start and the last end join in as rows' texts: large copies are dear.
        first, *rest = self.texts
        texts = [start + first, *rest[:-1], rest[-1] + end] if rest else [start + first + end]
        return (end + start).join(texts)


def uniform_rows(sent: RequestRows, adapter: Adapter | None) -> UniformRows | None:
    """The rows, if they are surely good and have what the adapter needs; else None."""
    if not sent.end or b"\\" in sent.body:
        return None
    keys = _keys(sent)
    for may_lack_keys in (False, True):
        shape = shape_of(keys, adapter, partial=may_lack_keys)
        rows = None if shape is None else _decoded(sent, shape)
        if shape is not None and rows is not None:
            return _checked(sent, shape, rows)
    return None


def _keys(sent: RequestRows) -> frozenset[str]:
    """The keys of the first row."""
    first = sent.body.find(b"{", sent.start)
    try:
        row = sent.body[first : sent.body.find(b"}", first) + 1]
        return frozenset(_ROWS.decode(row))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()


def _decoded(sent: RequestRows, shape: Shape) -> list[Any] | None:
    piece = memoryview(sent.body)[sent.start : sent.end]
    try:
        return shape.array.decode(piece) if sent.form == "array" else shape.line.decode_lines(piece)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _checked(sent: RequestRows, shape: Shape, rows: list[Any]) -> UniformRows | None:
    """The rows if counting proves them flat, evenly spaced, small, and without duplicate keys."""
    head, texts = _taken_apart(sent, len(rows))
    inside = b"".join(texts)
    if len(texts) != len(rows) or b"{" in inside or b"[" in inside:
        return None
    if sent.form == "lines" and _has_line_break(inside):
        return None
    columns, strings = _columns(shape, rows)
    keys = _without_holes(columns) if shape.partial else len(columns) * len(rows)
    # Without escapes, quotes stand around keys and strings and nowhere else.
    quotes = inside.count(b'"') + len(texts) * head.count(b'"')
    if quotes != 2 * (keys + strings):
        return None
    if shape.partial and not head and not all(map(bytes.strip, texts)):
        return None
    room = MAX_ROW_BYTES - len(head) - 2
    is_small = len(inside) <= room or max(map(len, texts)) <= room
    return UniformRows(head, texts, columns) if is_small else None


def _taken_apart(sent: RequestRows, count: int) -> tuple[bytes, list[bytes]]:
    """What all rows begin with, and what follows it in each, if all are equally far apart.

    Where all begin with the same key, that is looked for too: it makes the search quick.
    """
    body = sent.body
    if sent.form == "array" and _has_line_break(body):
        body = body.translate(LINE_BREAKS)
    first, last = body.find(b"{", sent.start) + 1, body.rfind(b"}", 0, sent.end)
    if count == 1:
        return b"", [body[first:last]]
    head = body[first : body.find(b'"', body.find(b'"', first) + 1) + 1]
    joint = body[body.find(b"}", first) : body.find(b"{", first) + 1] or b"},{"
    if sent.form == "lines" and joint not in (b"}\n{", b"}\r\n{"):
        return b"", []
    texts = _split(body, first + len(head), last, joint + head)
    return (head, texts) if len(texts) == count else (b"", _split(body, first, last, joint))


def _split(body: bytes, start: int, end: int, joint: bytes) -> list[bytes]:
    """`body[start:end].split(joint)`, without a copy of the whole."""
    texts = body.split(joint)
    texts[-1] = texts[-1][: len(texts[-1]) - (len(body) - end)]
    texts[0] = texts[0][start:]
    return texts


def _has_line_break(text: bytes) -> bool:
    return b"\n" in text or b"\r" in text


def _columns(shape: Shape, rows: list[Any]) -> tuple[dict[str, list[Any]], int]:
    """The values by key, and how many of them are strings."""
    # Column by column: a tuple for each row would be so many objects that the collector wakes.
    columns, strings = {}, 0
    for key, read, is_numeric in shape.readers:
        column = columns[key] = read(rows)
        strings += 0 if is_numeric else strings_in(column)
    return columns, strings


def _without_holes(columns: dict[str, list[Any]]) -> int:
    """Put None where a row lacks a key; how many keys there are, if none is there twice."""
    keys = 0
    for name, column in columns.items():
        there = sum(map(is_not, column, repeat(UNSET)))
        keys += there
        if there < len(column):
            columns[name] = [None if value is UNSET else value for value in column]
    return keys
