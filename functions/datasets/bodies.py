"""The body of an append, read without pydantic: rows stay text until each is judged."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.datasets import MAX_ROWS, SentRows
from shared.errors import Fault, MalformedInput, Unacceptable
from shared.row_bodies import (
    BOM,
    JSON_LINES,
    SentRow,
    check_count,
    decoded_body,
    is_utf8,
    require_utf8,
    rows_of_array,
    rows_of_lines,
)

_PLACE = re.compile(r"at `\$(.*)`$")
_MISSING = re.compile(r"missing required field `(.*?)`")


class AppendBody(msgspec.Struct):
    """Which rows go to which dataset."""

    dataset: str
    rows: list[msgspec.Raw]


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """An append's body without its rows."""

    dataset: str
    rows: list[Any]


@dataclass(frozen=True)
class Sent:
    """What an append says: rows for a dataset."""

    dataset: str
    rows: SentRows


def read_append(body: bytes, kind: str, dataset: str | None) -> Sent:
    """What an append says, whose body is JSON or, as `kind` may say, JSON lines.

    `dataset` is that of the query: JSON lines need it, JSON must not contradict it.
    Raises MalformedInput, Unacceptable, TooLarge.
    """
    if kind == JSON_LINES:
        return _from_lines(body, dataset)
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
    return Sent(dataset, SentRows(lambda: _lines(text), text, 0, end, "lines"))


def _lines(text: bytes) -> list[SentRow]:
    rows = rows_of_lines(text)
    check_count(rows, MAX_ROWS)
    return rows


def _from_envelope(body: bytes) -> Sent | None:
    """The body of which only what surrounds the rows is read, where they are its only array."""
    start, end = body.find(b"["), body.rfind(b"]") + 1
    if not 0 <= start < end or body.find(b"[", start + 1) >= 0:
        return None
    try:
        envelope = msgspec.json.decode(body[:start] + b"[]" + body[end:], type=_Envelope)
    except (msgspec.DecodeError, RecursionError):
        return None
    rows = SentRows(lambda: _rows(_decoded(body)), body, start, end)
    return Sent(envelope.dataset, rows)


def _from_whole(body: bytes) -> Sent:
    decoded = _decoded(body)
    return Sent(decoded.dataset, SentRows(lambda: _rows(decoded)))


def _rows(body: AppendBody) -> list[SentRow]:
    check_count(body.rows, MAX_ROWS)
    return rows_of_array(body.rows)


def _decoded(body: bytes) -> AppendBody:
    try:
        return decoded_body(body, AppendBody)
    except msgspec.ValidationError as exc:
        fault = _fault(str(exc))
        raise Unacceptable(
            f'the body is {{"dataset": "…", "rows": [{{…}}, …]}}: {exc}',
            code="validation_failed",
            faults=(fault,),
        ) from exc


def _fault(message: str) -> Fault:
    """The fault in one of msgspec's messages."""
    missing = _MISSING.search(message)
    if missing:
        return Fault(f"/{missing[1]}", "required", f"{missing[1]} is required")
    place = _PLACE.search(message)
    pointer = place[1].replace(".", "/").replace("[", "/").replace("]", "") if place else ""
    return Fault(pointer, "invalid_type", message)
