"""From JSON lines to columns: one Parquet file per file of rows, in their order.

Rows may hold anything, so nothing is assumed of them: a line that is no JSON object is a
row without fields, a number is what stands as a number in the text, and a dotted path
means a key that has the dots itself before a nested one (of equal keys, the first).
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import msgspec

from shared.datasets.adapters import MAX_EXTRA_FIELDS
from shared.datasets.metrics.mapping import Mapping, NumberField, discovered
from shared.datasets.metrics.members import Members, lines_of
from shared.datasets.metrics.values import ValueColumn, numbers, time_and_labels
from shared.storage.log import META_PREFIX

# Keys of a file that are tried as numbers where no adapter says which are; those in most rows.
MAX_CANDIDATES = 4 * MAX_EXTRA_FIELDS
MAX_FIELD_CHARACTERS = 512
# Nested objects are looked into in so many rows of a file, and so deep.
_NESTED_ROWS = 20_000
_MAX_DEPTH = 8
# Labels have few values; looking for a dictionary of all numbers takes as long as writing them.
_MAX_WORDS = 500


def extract(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, rows: Path, target: Path
) -> None:
    """Write the columns `us`, `odd`, `device`, `model`, `batch`, `arrived` and one per number
    field.

    `us` is the instant where the time has a usual form, `odd` its text where it has not;
    `arrived` is when the row was appended.
    """
    fields = [field for field in mapping.fields if field.read]
    if mapping.discovers:
        fields += _candidates(connection, rows, mapping.taken())
    members = Members()
    columns = [*time_and_labels(members, mapping), *numbers(members, fields)]
    write(connection, members, columns, rows, target, "COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440")


def discovered_in(connection: duckdb.DuckDBPyConnection, file: Path, mapping: Mapping) -> set[str]:
    """The fields of an extracted file that the mapping does not name."""
    known = {field.column for field in mapping.fields}
    described = connection.execute(f"DESCRIBE FROM read_parquet('{file}')").fetchall()
    columns = [name for name, *_ in described if name[0] == "n" and name not in known]
    return {discovered(name).field for name in columns}


def write(
    connection: duckdb.DuckDBPyConnection,
    members: Members,
    columns: Iterable[ValueColumn],
    rows: Path,
    target: Path,
    options: str,
) -> None:
    """Write these columns of a file of rows, with options of DuckDB's for Parquet."""
    connection.execute(
        f"COPY ({select_columns(members, columns, rows)}) TO '{target}' "
        f"(FORMAT parquet, DICTIONARY_SIZE_LIMIT {_MAX_WORDS}, {options})"
    )


def select_columns(members: Members, columns: Iterable[ValueColumn], rows: Path) -> str:
    """SQL: these columns of a file of rows."""
    named = list(columns)
    values = ", ".join(f"{column.value} AS {column.name}" for column in named)
    accepted = ", ".join(f"{column.accepted} AS {column.name}" for column in named)
    return f"SELECT {accepted} FROM (SELECT {values} FROM ({members.select(rows)}))"


def _candidates(
    connection: duckdb.DuckDBPyConnection, rows: Path, taken: set[str]
) -> list[NumberField]:
    """Keys of the rows that may hold numbers, also nested ones: the most frequent."""
    found = connection.execute(
        f"SELECT key, sum(n) AS n FROM (SELECT unnest(keys) AS key, n FROM ("
        f"SELECT json_keys(json) AS keys, count(*) AS n FROM {lines_of(rows)} GROUP BY keys)) "
        f"WHERE length(key) BETWEEN 1 AND {MAX_FIELD_CHARACTERS} "
        f"AND NOT starts_with(key, '{META_PREFIX}') "
        f"GROUP BY key ORDER BY n DESC, key LIMIT {MAX_CANDIDATES + len(taken)}"
    ).fetchall()
    names = dict.fromkeys([*(key for key, _ in found), *_nested(connection, rows)])
    wanted = [name for name in names if name not in taken][:MAX_CANDIDATES]
    return [NumberField(field=name, label=name) for name in wanted]


def _nested(connection: duckdb.DuckDBPyConnection, rows: Path) -> list[str]:
    """Dotted paths of numbers inside nested objects, in order of their first appearance."""
    structures = connection.execute(
        f"SELECT DISTINCT json_structure(json) FROM (SELECT json FROM {lines_of(rows)} "
        f"WHERE json::VARCHAR LIKE '%{{%{{%' LIMIT {_NESTED_ROWS}) LIMIT {MAX_CANDIDATES}"
    )
    paths: dict[str, None] = {}
    for (structure,) in structures.fetchall():
        members = msgspec.json.decode(structure)
        if isinstance(members, dict):
            paths |= dict.fromkeys(_number_paths(members, ()))
    return sorted(paths)


def _number_paths(members: dict[str, object], above: tuple[str, ...]) -> Iterable[str]:
    for key, kind in members.items():
        path = (*above, key)
        if isinstance(kind, dict) and len(path) < _MAX_DEPTH and key:
            yield from _number_paths(kind, path)
        elif above and kind in ("UBIGINT", "BIGINT", "HUGEINT", "DOUBLE") and _is_path(path):
            yield ".".join(path)


def _is_path(steps: tuple[str, ...]) -> bool:
    """Whether the steps, joined by dots, lead here again."""
    path = ".".join(steps)
    return all(steps) and path.split(".") == list(steps) and len(path) <= MAX_FIELD_CHARACTERS
