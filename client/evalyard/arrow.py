"""Rows as tables of Apache Arrow, for those who have pyarrow."""

from __future__ import annotations

from typing import Any

import msgspec


def table(rows: list[Any]) -> Any:
    """A `pyarrow.Table` of dicts or answers."""
    return _pyarrow().Table.from_pylist([msgspec.to_builtins(row) for row in rows])


def parquet(content: bytes) -> Any:
    """The `pyarrow.Table` of a Parquet file."""
    pyarrow = _pyarrow()
    from pyarrow import parquet as reader

    return reader.read_table(pyarrow.BufferReader(content))


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError("Arrow tables need pyarrow: pip install 'evalyard[arrow]'") from error
    return pyarrow
