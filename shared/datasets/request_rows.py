"""The rows of a request before anything is known of them."""

from collections.abc import Callable
from typing import Literal

import msgspec

from shared.row_bodies import SentRow

MAX_ROWS = 10_000


class RequestRows(msgspec.Struct, frozen=True):
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
