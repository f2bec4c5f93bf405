"""From a request's rows to stored lines: verdicts row by row, numbers kept as they were sent.

A row's text is stored as the client wrote it, with the server's members added at its
end; it is decoded only to be judged and converted. So 64-bit integers and `1.10`
survive, whatever a decoder would make of them.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.errors import Fault
from shared.isolation import ROW_UNREADABLE, tell_unreadable_rows
from shared.json_parts import what_is_wrong
from shared.json_rules import MAX_DEPTH, is_deep, repeated_member
from shared.row_bodies import SentRow
from shared.storage.log import META_PREFIX, row_meta

MAX_ROW_BYTES = 256 * 2**10
# Line breaks can only stand between tokens: inside JSON strings they are escaped.
LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")


class AcceptedRow(msgspec.Struct, frozen=True):
    """A row that is stored: its place among the sent ones, its line, text and members."""

    index: int
    line: int
    text: bytes
    members: dict[str, Any]


def validate_rows(rows: Iterable[SentRow]) -> tuple[list[AcceptedRow], list[Fault]]:
    """The rows to store, and what is wrong with the others."""
    accepted, faults, failures = [], [], []
    for index, sent in enumerate(rows):
        try:
            accepted.append(_validated(index, sent))
        except _Rejected as exc:
            faults.append(Fault(f"/rows/{index}", exc.code, exc.detail, sent.line))
            failures.append(exc)
    tell_unreadable_rows(failures)
    return accepted, faults


def stored_line(row: AcceptedRow, meta: bytes) -> bytes:
    """The stored line of a row; `meta` are the server's members as `"name":value,…`."""
    return row.text[:-1] + (b"," if row.members else b"") + meta + b"}"


def meta_members(user_id: str, dataset: str, at: str, batch_id: str) -> bytes:
    """The members that belong to the server, for one batch."""
    return msgspec.json.encode(row_meta(user_id, dataset, at, batch_id))[1:-1]


class _Rejected(Exception):
    """Why a row is not stored."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _validated(index: int, sent: SentRow) -> AcceptedRow:
    """The row if it is good. Raises _Rejected, whatever may be wrong with it."""
    try:
        return _accepted(index, sent)
    except (_Rejected, MemoryError):
        raise
    except Exception as exc:
        # The last resort: what is unforeseen in one row must not cost the others.
        detail = "the row could not be read: a fault of ours, which was noted"
        raise _Rejected(ROW_UNREADABLE, detail) from exc


def _accepted(index: int, sent: SentRow) -> AcceptedRow:
    text = sent.text
    if len(text) > MAX_ROW_BYTES:
        raise _Rejected("row_too_large", f"a row has at most {MAX_ROW_BYTES} bytes")
    members = _decoded(text)
    if is_deep(text, members):
        raise _too_deep()
    if not isinstance(members, dict):
        raise _Rejected("not_an_object", "a row is a JSON object")
    if not _has_plainly_distinct_keys(text, members):
        _refuse_duplicates(text)
    if any(name.startswith(META_PREFIX) for name in members):
        members = {k: v for k, v in members.items() if not k.startswith(META_PREFIX)}
        text = _without_meta(text)
    return AcceptedRow(index, sent.line, text.translate(LINE_BREAKS), members)


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as exc:
        raise _Rejected("invalid_json", what_is_wrong(text, exc)) from exc
    except UnicodeDecodeError as exc:
        raise _Rejected("invalid_utf8", "the row is not UTF-8") from exc
    except RecursionError as exc:
        raise _too_deep() from exc


def _too_deep() -> _Rejected:
    return _Rejected("row_too_deep", f"a row is nested at most {MAX_DEPTH} levels deep")


def _has_plainly_distinct_keys(text: bytes, members: dict[str, Any]) -> bool:
    """Whether counting proves that no key is there twice; False means that it is not known.

    In a flat object without escapes, quotes stand around keys and strings and nowhere else.
    """
    return (
        b"\\" not in text
        and text.count(b"{") == 1
        and b"[" not in text
        and text.count(b'"') == 2 * (len(members) + strings_in(members.values()))
    )


def strings_in(values: Iterable[Any]) -> int:
    """How many of some values are strings."""
    return list(map(type, values)).count(str)


def _refuse_duplicates(text: bytes) -> None:
    key = repeated_member(text)
    if key is not None:
        raise _Rejected("duplicate_key", f"the key {key[:100]!r} is there twice in one object")


def _without_meta(text: bytes) -> bytes:
    """The row without the members that belong to the server, values untouched."""
    parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({k: v for k, v in parts.items() if not k.startswith(META_PREFIX)})
