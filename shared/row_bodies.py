"""Bodies of many rows, taken apart: JSON and JSON lines. Rows stay text until each is judged."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.errors import MalformedInput, TooLarge
from shared.json_parts import array_parts

JSON_LINES = "application/x-ndjson"
BOM = b"\xef\xbb\xbf"
WHITE_SPACE = b" \t\r\n"


class SentRow(NamedTuple):
    """One row's text as it was sent, without white space around it, and its line in the body.

    In a JSON array the lines are the places of the rows, from 1.
    """

    text: bytes
    line: int


def rows_of_lines(text: bytes) -> list[SentRow]:
    """The lines that are not blank; they end with LF or CRLF."""
    numbered = enumerate(text.split(b"\n"), start=1)
    return [SentRow(row, line) for line, each in numbered if (row := each.strip(WHITE_SPACE))]


def rows_of_array(text: bytes) -> list[SentRow]:
    """The elements of a JSON array. Raises MalformedInput, and msgspec.ValidationError for a
    text that is no array.
    """
    return [SentRow(part, line) for line, part in enumerate(array_parts(text), start=1)]


def require_utf8(body: bytes) -> None:
    """Raises MalformedInput for a body that is not UTF-8."""
    if not is_utf8(body):
        raise MalformedInput("the body is not UTF-8; send it in UTF-8", code="invalid_utf8")


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
