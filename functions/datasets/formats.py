"""A page of rows as JSON, NDJSON or CSV. Stored lines go out as they are, or cell by cell."""

from typing import Any, Literal

import msgspec
from fastapi import Response
from starlette.datastructures import URL

from shared.datasets import Cursor, RowPage
from shared.errors import TooLarge
from shared.http import Cursors, fits_an_answer
from shared.spreadsheets import csv_line, plain_cell, text_cell

RowFormat = Literal["json", "jsonl", "csv"]
# The rows of a page fit; as CSV they may not, when each has other columns.
MAX_CSV_BYTES = int(4.5 * 2**20)
# What a route that answers rows says of its formats other than JSON.
CSV_AND_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page of rows.",
        "headers": {
            "Link": {
                "description": "With `jsonl` and `csv`: the next page, if there is one.",
                "schema": {"type": "string"},
                "example": '</user/data/get?dataset=d&format=csv&cursor=…>; rel="next"',
            }
        },
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"a":1}\n'},
            "text/csv": {"schema": {"type": "string"}, "example": "a\r\n1\r\n"},
        },
    }
}
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def rows_answer(
    dataset: str,
    page: RowPage,
    cursors: Cursors[Cursor],
    format_: RowFormat = "json",
    *,
    url: URL,
    guard: bool = True,
) -> Response:
    """A page of rows; `url` is that of the request, and leads to the next page by its cursor.

    Raises TooLarge for rows that are too different to be columns of one CSV, or more than an
    answer holds.
    """
    next_cursor = None if page.next is None else cursors.write(page.next)
    if format_ == "json":
        return _fitting(Response(_json(dataset, page, next_cursor), media_type="application/json"))
    headers = _next_link(url, next_cursor)
    if format_ == "jsonl":
        lines = b"".join(line + b"\n" for line in page.lines)
        return _fitting(Response(lines, headers=headers, media_type="application/x-ndjson"))
    text = csv_of(page.lines, guard=guard)
    return _fitting(Response(text, headers=headers, media_type="text/csv"))


def csv_of(lines: list[bytes], *, guard: bool) -> str:
    """Rows as CSV: a column for each key, in order of first appearance. No rows, no header.

    Numbers stay as they were sent, nested values are JSON, null and missing are empty; text
    that a spreadsheet would run is guarded. Raises TooLarge.
    """
    rows = [_MEMBERS.decode(line) for line in lines]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if len(rows) * len(columns) > MAX_CSV_BYTES:
        raise _too_large()
    header = [csv_line(text_cell(column, guard=guard) for column in columns)] if rows else []
    body = (csv_line(_cell(row.get(column), guard) for column in columns) for row in rows)
    text = "".join([*header, *body])
    if len(text) > MAX_CSV_BYTES:
        raise _too_large()
    return text


def _fitting(response: Response) -> Response:
    """The response itself. Raises TooLarge where no answer can hold it."""
    if not fits_an_answer(bytes(response.body)):
        raise TooLarge("this page is larger than an answer; ask for fewer rows (limit)")
    return response


def _json(dataset: str, page: RowPage, next_cursor: str | None) -> bytes:
    head = msgspec.json.encode({"dataset": dataset})[:-1]
    tail = msgspec.json.encode({"next_cursor": next_cursor, "has_more": page.next is not None})[1:]
    return head + b',"data":[' + b",".join(page.lines) + b"]," + tail


def _next_link(url: URL, next_cursor: str | None) -> dict[str, str]:
    if next_cursor is None:
        return {}
    # A cursor says where to go on; `tail` says where to begin.
    following = url.remove_query_params("tail").include_query_params(cursor=next_cursor)
    return {"Link": f'<{following.path}?{following.query}>; rel="next"'}


def _cell(value: msgspec.Raw | None, guard: bool) -> str:
    text = b"null" if value is None else bytes(value)
    if text == b"null":
        return ""
    if text.startswith(b'"'):
        return text_cell(_TEXT.decode(text), guard=guard)
    return plain_cell(text.decode())


def _too_large() -> TooLarge:
    return TooLarge(
        f"this page would have more than {MAX_CSV_BYTES} bytes as CSV; ask for fewer rows "
        "(limit), or for format=jsonl",
        code="page_too_large",
        limit_bytes=MAX_CSV_BYTES,
    )
