"""Bodies of many rows, taken apart: JSON and JSON lines. Rows stay text until each is judged."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from shared.errors import MalformedInput, TooLarge

JSON_LINES = "application/x-ndjson"
BOM = b"\xef\xbb\xbf"
_WHITE_SPACE = b" \t\r\n"
# A string without an end reaches to the end, so that every byte is looked at once.
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
# Deeper than any row may be (its own level lies in an array in an object), and shallow enough
# for the decoder, which recurses.
_SHALLOW = 100

Body = TypeVar("Body")


class SentRow(NamedTuple):
    """One row's text as it was sent, without white space around it, and its line in the body.

    In a JSON array the lines are the places of the rows, from 1.
    """

    text: bytes
    line: int


def rows_of_lines(text: bytes) -> list[SentRow]:
    """The lines that are not blank; they end with LF or CRLF."""
    numbered = enumerate(text.split(b"\n"), start=1)
    return [SentRow(row, line) for line, each in numbered if (row := each.strip(_WHITE_SPACE))]


def rows_of_array(elements: Iterable[msgspec.Raw]) -> list[SentRow]:
    """The elements of a JSON array."""
    numbered = enumerate(elements, start=1)
    return [SentRow(bytes(raw).strip(_WHITE_SPACE), line) for line, raw in numbered]


def decoded_body(body: bytes, kind: type[Body]) -> Body:
    """A JSON body that may be nested deeper than the decoder goes.

    What lies too deep is cut out then, which leaves rows that are still too deep, and
    the other rows as they are. Raises MalformedInput and msgspec.ValidationError.
    """
    try:
        return _decoded(body, kind)
    except RecursionError:
        return _decoded_deep(body, kind)


def require_utf8(body: bytes) -> None:
    """Raises MalformedInput for a body that is not UTF-8."""
    if not is_utf8(body):
        raise MalformedInput("the body is not UTF-8", code="malformed_json")


def is_utf8(text: bytes) -> bool:
    """Whether some bytes are UTF-8 and not empty, or ASCII."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def check_count(rows: Sequence[object], limit: int) -> None:
    """Raises TooLarge for more rows than a call may bring."""
    if len(rows) > limit:
        raise TooLarge(
            f"at most {limit} rows a call; send them in several",
            code="too_many_rows",
            limit_rows=limit,
        )


def _decoded(body: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as exc:
        raise MalformedInput(f"the body is not JSON: {exc}", code="malformed_json") from exc


def _decoded_deep(body: bytes, kind: type[Body]) -> Body:
    try:
        return _decoded(_shallow(body), kind)
    except RecursionError as exc:
        raise MalformedInput("the body is nested too deep", code="malformed_json") from exc


def _shallow(body: bytes) -> bytes:
    depth, kept, copied = 0, [], 0
    for token in _TOKENS.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
            if depth == _SHALLOW:
                kept.append(body[copied : token.start()])
        elif mark in b"]}":
            if depth == _SHALLOW:
                kept.append(b"[]")
                copied = token.end()
            depth -= 1
    return b"".join([*kept, body[copied:]])
