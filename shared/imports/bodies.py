"""The body of an import: a JSON array, JSON lines or CSV, to records."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.datasets import Adapter
from shared.errors import Fault, MalformedInput, Unacceptable
from shared.imports.format import CSV, EVENT_STREAM, MARKDOWN, TEXT
from shared.imports.hints import no_json, refuse_columns, refuse_files, refuse_utf16, with_hint
from shared.imports.localscore import is_localscore
from shared.imports.moments import OTHER_NAMES
from shared.imports.records import Records, records_of_json
from shared.imports.run import AROUND_ROWS, KNOWN
from shared.imports.summaries import is_summary
from shared.imports.table import records_of_csv
from shared.imports.texts import records_of_tables, records_of_text
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
from shared.runs import DIMENSIONS, MAX_LABEL_CHARACTERS, ValueRefused, read_label

# What some call it; gateways leave a compressed body of this type alone.
ALSO_CSV = "application/csv"
# What JSON lines, and streams of them, are called.
LINES = (JSON_LINES, "application/ndjson", "application/jsonl", EVENT_STREAM)
_EVENTS = re.compile(rb"\s*(data|event|id|retry):")
# Lines of a stream that carry no data, and the one that ends it.
_FRAME = re.compile(rb"(event|id|retry):|:|data:\s*\[DONE\]\Z")
_OWN_AROUND = ("rows", "runs")
_NO_LABEL = "ignored around the rows: a label is text"
_ARRAY_OF_OBJECTS = re.compile(rb"\[\s*\{")


def read_records(
    body: bytes, kind: str, *, guard: bool = True, adapter: Adapter | None = None
) -> Records:
    """The records of a body that is CSV, JSON lines, text or, as any other `kind`, JSON.

    JSON is an array, an object around the array (`AROUND_ROWS`), or one record. `guard` and
    `adapter` say how cells of CSV are read. Raises MalformedInput, Unacceptable, TooLarge.
    """
    refuse_utf16(body)
    refuse_files(body)
    body = body.removeprefix(BOM)
    if kind in LINES or _EVENTS.match(body):
        return records_of_json(_without_frames(rows_of_lines(body)))
    if kind in (CSV, ALSO_CSV):
        return records_of_csv(_text(body, "CSV"), guard=guard, adapter=adapter)
    if kind == MARKDOWN:
        return records_of_tables(_text(body, "text"))
    if kind == TEXT:
        return records_of_text(body, _text(body, "text"))
    require_utf8(body or b"-")
    return _records_of_json_body(body.strip(WHITE_SPACE))


def _without_frames(rows: list[SentRow]) -> list[SentRow]:
    """What server-sent events carry (https://html.spec.whatwg.org/#server-sent-events)."""
    data = [
        row._replace(text=row.text.removeprefix(b"data:").strip(WHITE_SPACE))
        for row in rows
        if not _FRAME.match(row.text)
    ]
    return [row for row in data if row.text]


def _records_of_json_body(text: bytes) -> Records:
    try:
        if text.startswith(b"["):
            return records_of_json(rows_of_array(text))
        if text.startswith(b"{"):
            return _records_of_object(text)
    except msgspec.ValidationError as exc:
        raise MalformedInput(f"rows is an array of objects: {exc}", code="malformed_json") from exc
    except MalformedInput as exc:
        raise with_hint(exc) from exc
    raise no_json(text)


def _records_of_object(text: bytes) -> Records:
    """One record, or those around which the object is, as it is in an append's body, in
    `GET /usage?runs=`, and in the files of many tools.
    """
    try:
        members = object_parts(text)
    except RepeatedMember:
        # It is judged as a record then, which names the member.
        members = {}
    refuse_columns(members, KNOWN)
    array = next((members[name] for name in AROUND_ROWS if _is_around(members, name)), None)
    if is_summary(members) or is_localscore(members):
        array = None
    if array is None:
        return records_of_json([SentRow(text, 1)])
    common, ignored = _common(members)
    return records_of_json(rows_of_array(array), common, ignored)


def _is_around(members: Mapping[str, bytes], name: str) -> bool:
    """Whether a member holds the rows; under a name that others use only if objects are in it."""
    array = members.get(name, b"null")
    if name in _OWN_AROUND:
        return array != b"null"
    return bool(_ARRAY_OF_OBJECTS.match(array))


def _common(members: Mapping[str, bytes]) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """The labels, and the time, that are said once for all rows; and what is no label.

    Raises Unacceptable for a label that is too long, as a row's own would be refused.
    """
    said = {
        name: _decoded(members[name]) for name in (*DIMENSIONS, *OTHER_NAMES) if name in members
    }
    found = {name: value for name, value in said.items() if value is not None}
    labels = {name: _label(name, found[name]) for name in DIMENSIONS if name in found}
    ignored = tuple((name, _NO_LABEL) for name, label in labels.items() if label is None)
    common = {name: value for name, value in (found | labels).items() if value is not None}
    return common, ignored


def _label(name: str, value: Any) -> str | None:
    try:
        label = read_label(value)
    except ValueRefused:
        return None
    if len(label) > MAX_LABEL_CHARACTERS:
        detail = f"{name} has more than {MAX_LABEL_CHARACTERS} characters"
        raise Unacceptable(detail, faults=(Fault(f"/{name}", "label_too_long", detail),))
    return label


def _decoded(text: bytes) -> Any:
    """A member, or None where it cannot be read."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        detail = f"the {what} is not UTF-8; save it as {what} UTF-8"
        raise MalformedInput(detail, code="invalid_utf8") from exc
