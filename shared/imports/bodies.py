"""The body of an import: a JSON array, JSON lines or CSV, to records."""

import msgspec

from shared.errors import MalformedInput
from shared.imports.records import Records, records_of_json
from shared.imports.table import records_of_csv
from shared.row_bodies import (
    BOM,
    JSON_LINES,
    SentRow,
    decoded_body,
    require_utf8,
    rows_of_array,
    rows_of_lines,
)

CSV = "text/csv"
# What some call it; gateways leave a compressed body of this type alone.
ALSO_CSV = "application/csv"


class _Wrapped(msgspec.Struct):
    """Rows as an append has them, or as `GET /usage?runs=` shows them."""

    rows: list[msgspec.Raw] | None = None
    runs: list[msgspec.Raw] | None = None


def read_records(body: bytes, kind: str, *, guard: bool = True) -> Records:
    """The records of a body that is CSV, JSON lines or, as any other `kind`, JSON.

    JSON is an array, an object with the array as `rows` or `runs`, or one record.
    `guard` is told of CSV only. Raises MalformedInput, Unacceptable, TooLarge.
    """
    body = body.removeprefix(BOM)
    if kind == JSON_LINES:
        return records_of_json(rows_of_lines(body))
    if kind in (CSV, ALSO_CSV):
        return records_of_csv(_text(body), guard=guard)
    require_utf8(body or b"-")
    return records_of_json(_rows_of_json(body))


def _rows_of_json(body: bytes) -> list[SentRow]:
    start = body.lstrip()[:1]
    try:
        if start == b"[":
            return rows_of_array(decoded_body(body, list[msgspec.Raw]))
        if start == b"{":
            wrapped = decoded_body(body, _Wrapped)
            found = wrapped.rows if wrapped.rows is not None else wrapped.runs
            return [SentRow(body.strip(), 1)] if found is None else rows_of_array(found)
    except msgspec.ValidationError as exc:
        raise MalformedInput(f"rows is an array of objects: {exc}", code="malformed_json") from exc
    raise MalformedInput(
        "the body is a JSON array of rows; JSON lines are application/x-ndjson, CSV is text/csv",
        code="malformed_json",
    )


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise MalformedInput("the body is not UTF-8", code="malformed_csv") from exc
