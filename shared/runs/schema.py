"""The columns of runs in SQL: JSON lines, Parquet, and a row read back as a run.

The Parquet columns are what Athena, Spark or Trino see.
"""

from collections.abc import Sequence
from typing import Any

from shared.runs.columns import COLUMNS, Column, Kind, Run

_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "count": "BIGINT",
    "amount": "DOUBLE",
    "flag": "BOOLEAN",
    "instant": "BIGINT",
    "numbers": "MAP(VARCHAR, DOUBLE)",
    "texts": "MAP(VARCHAR, VARCHAR)",
}

# name → DuckDB type, in JSON lines.
JSON_COLUMNS: dict[str, str] = {column.name: _TYPES[column.kind] for column in COLUMNS}

# The same in Parquet, where an instant is a UTC timestamp in microseconds.
PARQUET_COLUMNS: dict[str, str] = {
    column.public_name: "TIMESTAMP" if column.kind == "instant" else _TYPES[column.kind]
    for column in COLUMNS
}


def with_columns(source: str, columns: dict[str, str]) -> str:
    """SQL for a table whose files may be older than some of these columns: those are null."""
    nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
    return f"(SELECT {nothing} WHERE false UNION ALL BY NAME FROM {source})"


def select_list() -> str:
    """The SQL select list that turns JSON columns into Parquet columns."""
    return ", ".join(map(_to_parquet, COLUMNS))


def run_select_list() -> str:
    """The SQL select list that turns Parquet columns into what `run_of_row` takes."""
    return ", ".join(map(_from_parquet, COLUMNS))


def run_of_row(row: Sequence[Any]) -> Run:
    """The run of a row of `run_select_list`."""
    return Run(*row)


def _to_parquet(column: Column) -> str:
    name = column.name
    return f"make_timestamp({name}) AS {column.public_name}" if column.kind == "instant" else name


def _from_parquet(column: Column) -> str:
    if column.kind == "texts":
        # Files that are older than the column have null.
        return f"coalesce({column.name}, MAP {{}})"
    return f"epoch_us({column.public_name})" if column.kind == "instant" else column.name
