"""What a reader may ask of `get`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from shared.datasets import Cursor, Order, PageRequest, RowPage, read_rows, read_tail
from shared.errors import MalformedInput
from shared.http import Cursors
from shared.storage.log import UserLog

MAX_ROWS = 10_000
DEFAULT_ROWS = 1_000


@dataclass
class Reading:
    """How many rows, in which order, from where."""

    limit: Annotated[
        int | None, Query(ge=1, le=MAX_ROWS, description="Rows, at most (default 1000).")
    ] = None
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None
    order: Annotated[Order, Query(description="Append order, or newest first.")] = "asc"
    tail: Annotated[
        int | None, Query(ge=1, le=MAX_ROWS, description="The last N rows, in append order.")
    ] = None

    def page(self, log: UserLog, dataset: str, cursors: Cursors[Cursor]) -> RowPage:
        """The page that is asked for. Raises MalformedInput for what makes no sense together."""
        if self.tail is None:
            wanted = PageRequest(self.limit or DEFAULT_ROWS, self.order)
            start = cursors.read(self.cursor)
            return read_rows(log, dataset, wanted, start)
        if self.cursor is not None or self.order != "asc":
            raise MalformedInput(
                "tail is in append order and begins by itself: leave cursor and order out",
                code="parameter_conflict",
            )
        wanted = PageRequest(min(self.limit or self.tail, self.tail))
        return read_tail(log, dataset, self.tail, wanted)
