"""The rows of a request before anything is known of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.errors import TooLarge

MAX_ROWS = 10_000


class SentRow(NamedTuple):
    """One row's text as it was sent, without white space around it, and its line in the body.

    In a JSON array the lines are the places of the rows, from 1.
    """

    text: bytes
    line: int


@dataclass(frozen=True)
class SentRows:
    """Rows that came together.

    `body[start:end]` is all of them as one JSON `array` or as JSON `lines`, where they
    are in one piece (else `end` is 0); it may still be malformed. `one_by_one` takes
    the body apart. It raises MalformedInput or Unacceptable where that is impossible,
    TooLarge for more than 10,000 rows.
    """

    one_by_one: Callable[[], list[SentRow]]
    body: bytes = b""
    start: int = 0
    end: int = 0
    form: Literal["array", "lines"] = "array"


def check_count(rows: Sequence[object]) -> None:
    """Raises TooLarge for more than 10,000 rows."""
    if len(rows) > MAX_ROWS:
        raise TooLarge(
            f"at most {MAX_ROWS} rows a call; send them in several",
            code="too_many_rows",
            limit_rows=MAX_ROWS,
        )
