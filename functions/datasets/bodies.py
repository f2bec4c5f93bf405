"""The body of an append, read without pydantic: rows stay text until each is judged."""

import msgspec

from shared.datasets import MAX_ROWS, RequestRows
from shared.errors import Fault, MalformedInput, Unacceptable
from shared.json_parts import RepeatedMember, object_parts
from shared.row_bodies import (
    BOM,
    JSON_LINES,
    SentRow,
    check_count,
    is_utf8,
    require_utf8,
    rows_of_array,
    rows_of_lines,
)


class Sent(msgspec.Struct, frozen=True):
    """What an append says: rows for a dataset."""

    dataset: str
    rows: RequestRows


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """What surrounds the rows, which are left out."""

    dataset: str
    rows: list[None]


_ENVELOPES = msgspec.json.Decoder(_Envelope)
_QUOTES = 6


def read_append(body: bytes, kind: str, dataset: str | None) -> Sent:
    """What an append says, whose body is JSON or, as `kind` may say, JSON lines.

    `dataset` is that of the query: JSON lines need it, JSON must not contradict it.
    Raises MalformedInput, Unacceptable, TooLarge.
    """
    if kind == JSON_LINES:
        return _from_lines(body, dataset)
    body = body.removeprefix(BOM)
    require_utf8(body)
    sent = _from_envelope(body) or _from_whole(body)
    if dataset is not None and dataset != sent.dataset:
        raise Unacceptable(
            "the query and the body name different datasets", code="dataset_conflict"
        )
    return sent


def _from_lines(body: bytes, dataset: str | None) -> Sent:
    if dataset is None:
        fault = Fault("/query/dataset", "required", "JSON lines need the parameter dataset")
        raise MalformedInput(
            "say the dataset in the query: ?dataset=…", code="invalid_parameter", faults=(fault,)
        )
    text = body.removeprefix(BOM)
    end = len(text) if is_utf8(text) else 0
    return Sent(dataset, RequestRows(lambda: _lines(text), text, 0, end, "lines"))


def _lines(text: bytes) -> list[SentRow]:
    rows = rows_of_lines(text)
    check_count(rows, MAX_ROWS)
    return rows


def _from_envelope(body: bytes) -> Sent | None:
    """The body of which only what surrounds the rows is read, where they are its only array."""
    start, end = body.find(b"["), body.rfind(b"]") + 1
    if not 0 <= start < end or body.find(b"[", start + 1) >= 0:
        return None
    around = body[:start] + b"[]" + body[end:]
    try:
        dataset = _ENVELOPES.decode(around).dataset
    except (msgspec.DecodeError, RecursionError):
        return None
    # Without escapes, quotes stand around the two names and the dataset's: none is there twice.
    if around.count(b'"') != _QUOTES or b"\\" in around:
        return None
    return Sent(dataset, RequestRows(lambda: _rows(body[start:end]), body, start, end))


def _from_whole(body: bytes) -> Sent:
    """The body member by member, so that what is bad in one row does not refuse the others."""
    try:
        members = object_parts(body)
    except RepeatedMember as exc:
        raise _refused("", "duplicate_key", "a member is there twice") from exc
    except msgspec.ValidationError as exc:
        raise _refused("", "invalid_type", str(exc)) from exc
    for name in ("dataset", "rows"):
        if name not in members:
            raise _refused(f"/{name}", "required", f"{name} is required")
    rows = members["rows"]
    if not rows.startswith(b"["):
        raise _refused("/rows", "invalid_type", "rows is an array")
    return Sent(_text(members["dataset"]), RequestRows(lambda: _rows(rows)))


def _text(dataset: bytes) -> str:
    try:
        return msgspec.json.decode(dataset, type=str)
    except msgspec.ValidationError as exc:
        raise _refused("/dataset", "invalid_type", str(exc)) from exc
    except msgspec.DecodeError as exc:
        raise MalformedInput(f"dataset is not JSON: {exc}", code="malformed_json") from exc


def _rows(array: bytes) -> list[SentRow]:
    rows = rows_of_array(array)
    check_count(rows, MAX_ROWS)
    return rows


def _refused(pointer: str, code: str, detail: str) -> Unacceptable:
    return Unacceptable(
        f'the body is {{"dataset": "…", "rows": [{{…}}, …]}}: {detail}',
        code="duplicate_key" if code == "duplicate_key" else "validation_failed",
        faults=(Fault(pointer, code, detail),),
    )
