"""From a request's rows to stored lines: verdicts row by row, numbers kept as they were sent.

A row's text is stored as the client wrote it, with the server's members added at its
end; it is decoded only to be judged and converted. So 64-bit integers and `1.10`
survive, whatever a decoder would make of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.errors import Fault

META_PREFIX = "_meta_"
MAX_ROW_BYTES = 256 * 2**10
# Line breaks can only stand between tokens: inside JSON strings they are escaped.
_LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")


@dataclass(frozen=True)
class AcceptedRow:
    """A row that is stored: its place in the request, its text, its decoded members."""

    index: int
    text: bytes
    members: dict[str, Any]


def judge_rows(rows: Iterable[msgspec.Raw]) -> tuple[list[AcceptedRow], list[Fault]]:
    """The rows to store, and what is wrong with the others."""
    accepted, faults = [], []
    for index, raw in enumerate(rows):
        verdict = _judge(index, bytes(raw))
        if isinstance(verdict, Fault):
            faults.append(verdict)
        else:
            accepted.append(verdict)
    return accepted, faults


def with_meta(row: AcceptedRow, meta: bytes) -> bytes:
    """The stored line of a row; `meta` are the server's members as `"name":value,…`."""
    head = row.text.rstrip()[:-1].rstrip()
    separator = b"" if head.endswith(b"{") else b","
    return head + separator + meta + b"}"


def meta_members(user_id: str, dataset: str, at: str, batch_id: str) -> bytes:
    """The members that belong to the server, for one batch."""
    members = {
        "_meta_user_id": user_id,
        "_meta_dataset": dataset,
        "_meta_ts": at,
        "_meta_batch_id": batch_id,
    }
    return msgspec.json.encode(members)[1:-1]


def _judge(index: int, raw: bytes) -> AcceptedRow | Fault:
    pointer = f"/rows/{index}"
    if len(raw) > MAX_ROW_BYTES:
        return Fault(
            pointer, "row_too_large", f"a row has at most {MAX_ROW_BYTES} bytes", index + 1
        )
    try:
        members = msgspec.json.decode(raw)
    except msgspec.DecodeError as exc:
        return Fault(pointer, "invalid_json", f"not JSON: {exc}", index + 1)
    except UnicodeDecodeError:
        return Fault(pointer, "invalid_utf8", "the row is not UTF-8", index + 1)
    except RecursionError:
        return Fault(pointer, "row_too_deep", "the row is nested too deep", index + 1)
    if not isinstance(members, dict):
        return Fault(pointer, "not_an_object", "a row is a JSON object", index + 1)
    if any(name.startswith(META_PREFIX) for name in members):
        members = {k: v for k, v in members.items() if not k.startswith(META_PREFIX)}
        raw = _without_meta(raw)
    return AcceptedRow(index, raw.translate(_LINE_BREAKS), members)


def _without_meta(raw: bytes) -> bytes:
    """The row without the members that belong to the server, values untouched."""
    parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({k: v for k, v in parts.items() if not k.startswith(META_PREFIX)})
