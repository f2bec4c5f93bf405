"""The body of an append, read without pydantic: rows stay text until each is judged."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.datasets import SentRow, SentRows, check_count
from shared.errors import Fault, MalformedInput, Unacceptable

JSON_LINES = "application/x-ndjson"
_BOM = b"\xef\xbb\xbf"
_WHITE_SPACE = b" \t\r\n"
_PLACE = re.compile(r"at `\$(.*)`$")
_MISSING = re.compile(r"missing required field `(.*?)`")
# A string without an end reaches to the end, so that every byte is looked at once.
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
# Deeper than any row may be (its own level lies in an array in an object), and shallow enough
# for the decoder, which recurses.
_SHALLOW = 100


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
    _require_utf8(body)
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
    text = body.removeprefix(_BOM)
    end = len(text) if _is_utf8(text) else 0
    return Sent(dataset, SentRows(lambda: _lines(text), text, 0, end, "lines"))


def _lines(text: bytes) -> list[SentRow]:
    numbered = enumerate(text.split(b"\n"), start=1)
    rows = [SentRow(row, line) for line, each in numbered if (row := each.strip(_WHITE_SPACE))]
    check_count(rows)
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
    check_count(body.rows)
    return [SentRow(bytes(raw).strip(_WHITE_SPACE), n) for n, raw in enumerate(body.rows, start=1)]


def _decoded(body: bytes) -> AppendBody:
    try:
        return _decoded_strictly(body)
    except RecursionError:
        return _decoded_deep(body)


def _decoded_strictly(body: bytes) -> AppendBody:
    try:
        return msgspec.json.decode(body, type=AppendBody)
    except msgspec.ValidationError as exc:
        fault = _fault(str(exc))
        raise Unacceptable(
            f'the body is {{"dataset": "…", "rows": [{{…}}, …]}}: {exc}',
            code="validation_failed",
            faults=(fault,),
        ) from exc
    except msgspec.DecodeError as exc:
        raise MalformedInput(f"the body is not JSON: {exc}", code="malformed_json") from exc


def _decoded_deep(body: bytes) -> AppendBody:
    """A body that is nested deeper than the decoder goes.

    What lies too deep is cut out, which leaves rows that are still too deep, and the
    other rows as they are.
    """
    try:
        return _decoded_strictly(_shallow(body))
    except RecursionError as exc:
        raise MalformedInput("the body is nested too deep", code="malformed_json") from exc


def _shallow(body: bytes) -> bytes:
    depth, kept, copied = 0, [], 0
    for token in _TOKENS.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
            if depth == _SHALLOW:
                kept.append(body[copied : token.start()])
        elif mark in b"]}":
            if depth == _SHALLOW:
                kept.append(b"[]")
                copied = token.end()
            depth -= 1
    return b"".join([*kept, body[copied:]])


def _require_utf8(body: bytes) -> None:
    if not _is_utf8(body):
        raise MalformedInput("the body is not UTF-8", code="malformed_json")


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _fault(message: str) -> Fault:
    """The fault in one of msgspec's messages."""
    missing = _MISSING.search(message)
    if missing:
        return Fault(f"/{missing[1]}", "required", f"{missing[1]} is required")
    place = _PLACE.search(message)
    pointer = place[1].replace(".", "/").replace("[", "/").replace("]", "") if place else ""
    return Fault(pointer, "invalid_type", message)
