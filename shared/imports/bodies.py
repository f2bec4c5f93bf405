"""The body of an import: a JSON array, JSON lines or CSV, to records."""

import msgspec

from shared.errors import MalformedInput
from shared.imports.records import Records, records_of_json
from shared.imports.table import records_of_csv
from shared.json_parts import RepeatedMember, object_parts
from shared.row_bodies import (
    BOM,
    JSON_LINES,
    WHITE_SPACE,
    SentRow,
    require_utf8,
    rows_of_array,
    rows_of_lines,
)

CSV = "text/csv"
# What some call it; gateways leave a compressed body of this type alone.
ALSO_CSV = "application/csv"


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
    text = body.strip(WHITE_SPACE)
    try:
        if text.startswith(b"["):
            return rows_of_array(text)
        if text.startswith(b"{"):
            array = _wrapped_array(text)
            return [SentRow(text, 1)] if array is None else rows_of_array(array)
    except msgspec.ValidationError as exc:
        raise MalformedInput(f"rows is an array of objects: {exc}", code="malformed_json") from exc
    raise MalformedInput(
        "the body is a JSON array of rows; JSON lines are application/x-ndjson, CSV is text/csv",
        code="malformed_json",
    )


def _wrapped_array(text: bytes) -> bytes | None:
    """Rows as an append has them, or as `GET /usage?runs=` shows them; None in a record."""
    try:
        members = object_parts(text)
    except RepeatedMember:
        # It is judged as a record then, which names the member.
        return None
    found = (members.get(name, b"null") for name in ("rows", "runs"))
    return next((array for array in found if array != b"null"), None)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise MalformedInput(
            "the CSV is not UTF-8; save it as CSV UTF-8", code="invalid_utf8"
        ) from exc
