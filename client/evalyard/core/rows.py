"""Rows of many kinds as JSON lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SLICE = 1_000


@dataclass(frozen=True)
class UnfitRow:
    """In a row's place, where what holds it cannot be read: it is refused, the others are not."""

    code: str
    detail: str


def records(rows: Any) -> Iterable[Any]:
    """The rows of a DataFrame (pandas, Polars) or an Arrow table, each a dict; others as they are.

    What is missing in a DataFrame (NaN, NaT) becomes null.
    """
    if hasattr(rows, "iter_rows"):
        return rows.iter_rows(named=True)  # type: ignore[no-any-return]  # Polars
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return _of_pandas(rows)
    if hasattr(rows, "to_batches"):
        return (row for batch in rows.to_batches(max_chunksize=_SLICE) for row in batch.to_pylist())
    if isinstance(rows, (Mapping, str, bytes)):
        raise TypeError("rows is an iterable of rows, not one row")
    return rows  # type: ignore[no-any-return]


def line(row: Any) -> bytes:
    """A row as one line of JSON, without its end; a text is one already.

    Raises ValueError or TypeError for what JSON cannot say: NaN, infinities, other objects.
    """
    if isinstance(row, str):
        row = row.encode()
    if isinstance(row, (bytes, bytearray)):
        return bytes(row).strip().replace(b"\r", b" ").replace(b"\n", b" ")
    return _ENCODER.encode(row).encode()


def _of_pandas(frame: Any) -> Iterator[dict[str, Any]]:
    names = Counter(map(str, frame.columns))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"the column {twice[0]!r} is there twice: give each its own name")
    for start in range(0, len(frame), _SLICE):
        for row in frame.iloc[start : start + _SLICE].to_dict("records"):
            yield {str(name): None if value != value else value for name, value in row.items()}


def _plain(value: Any) -> Any:
    """What JSON has no word for: moments as ISO 8601, numbers of NumPy, sets as lists."""
    if hasattr(value, "isoformat") and value != value:
        raise ValueError("NaT cannot be written as JSON: send null, or leave the member out")
    for method in ("isoformat", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


# One for all rows: json.dumps would make one for each.
_ENCODER = json.JSONEncoder(
    allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain
)
