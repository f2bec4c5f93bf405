"""Runs to Parquet, through DuckDB. The only writer of parts."""

import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from shared.deadlines import QueryTimedOut, current_deadline, interrupted_at_deadline
from shared.runs import JSON_COLUMNS, PARQUET_COLUMNS, Run, encode_runs, select_list, with_columns
from shared.storage.lake.rollup_levels import DAY, differences, roll


def connect() -> duckdb.DuckDBPyConnection:
    """A connection to the process's in-memory database; its temporary tables end with it."""
    return _database().cursor()


@contextmanager
def connect_to_ask() -> Iterator[duckdb.DuckDBPyConnection]:
    """As `connect`, for a query that a client waits for: it is stopped at the call's deadline.

    Never for folding, where a failure means that a segment cannot be read. Raises QueryTimedOut.
    """
    try:
        with connect() as connection, interrupted_at_deadline(connection.interrupt):
            yield connection
    except duckdb.InterruptException as exc:
        raise QueryTimedOut(current_deadline().seconds) from exc


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Made once, because making one costs more than a small question."""
    _look_for_pandas_once()
    database = duckdb.connect(":memory:")
    # A table that is not there is an error, never a variable of Python.
    database.execute("SET python_enable_replacements = false")
    database.execute("SET temp_directory = ?", [tempfile.gettempdir()])
    database.execute("SET TimeZone = 'UTC'")
    # As many as Lambda gives processors for the memory of these functions.
    database.execute("SET threads = 1")
    return database


def _look_for_pandas_once() -> None:
    """Where pandas is not installed, remember that: DuckDB asks for it with each parameter of a
    statement, and Python looks through the whole path each time.
    """
    if "pandas" not in sys.modules and find_spec("pandas") is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's word for absent.


def parquet_of(runs: Iterable[Run]) -> bytes:
    """One Parquet body with the given runs, in order of time."""
    with _scratch() as (connection, folder):
        lines = folder / "runs.jsonl"
        lines.write_bytes(encode_runs(runs))
        source = f"SELECT {select_list()} FROM {json_reader(lines)}"
        return _copied(connection, f"{source} ORDER BY ts, run_id", folder)


def merged_parts(bodies: list[bytes]) -> bytes:
    """One Parquet body with the runs of several, in order of time."""
    with _scratch() as (connection, folder):
        return _copied(connection, f"FROM {_reader(folder, bodies)} ORDER BY ts, run_id", folder)


@dataclass(frozen=True)
class MadeRollup:
    """A rollup's Parquet body, and the names of the levels in it."""

    body: bytes
    levels: tuple[str, ...]


def rollup_of(bodies: list[bytes], older: bytes | None, known: set[str]) -> MadeRollup:
    """The rollup of a day: of the runs in these parts, and of an older rollup with the
    levels `known`.
    """
    with _scratch() as (connection, folder):
        before = None if older is None else _reader(folder, [older], "older")
        levels = roll(connection, _runs(folder, bodies), before, known)
        body = _copied(connection, "FROM rollup ORDER BY level, metric, bucket, t", folder)
        return MadeRollup(body, levels)


def rollup_differs(bodies: list[bytes], kept: bytes, levels: set[str]) -> bool:
    """Whether a rollup says something else than the runs in these parts.

    Counts must be the same; sums may differ by what rounding in another order does.
    """
    with _scratch() as (connection, folder):
        made = roll(connection, _runs(folder, bodies), None)
        sql = differences(_reader(folder, [kept], "kept"), "rollup")
        common = [name for name in made if name in levels]
        (found,) = _one(connection.execute(f"SELECT count(*) FROM ({sql})", [common]))
        return bool(found)


def days_of_rollups(bodies: list[bytes], older: bytes | None, kept: list[str]) -> bytes:
    """The cells by days of several rollups, and those of `kept` days of an older gathering."""
    with _scratch() as (connection, folder):
        sources, parameters = [], []
        if bodies:
            sources.append(f"SELECT * FROM {_reader(folder, bodies)} WHERE level LIKE '{DAY}:%'")
        if older is not None:
            reader = _reader(folder, [older], "older")
            sources.append(f"SELECT * FROM {reader} WHERE list_contains(?, t::DATE::VARCHAR)")
            parameters.append(kept)
        union = " UNION ALL BY NAME ".join(sources)
        sql = f"FROM ({union}) ORDER BY level, metric, bucket, t"
        return _copied(connection, sql, folder, parameters)


@dataclass(frozen=True)
class Rest:
    """What is left of a part: its body and number of runs."""

    body: bytes
    rows: int


def parquet_without(body: bytes, condition: str, parameters: list[str]) -> Rest:
    """A part without the runs for which an SQL condition holds."""
    with _scratch() as (connection, folder):
        rest = f"FROM {_reader(folder, [body])} WHERE NOT ({condition})"
        (rows,) = _one(connection.execute(f"SELECT count(*) {rest}", parameters))
        return Rest(_copied(connection, f"{rest} ORDER BY ts, run_id", folder, parameters), rows)


def count_runs(body: bytes, condition: str, parameters: list[str]) -> int:
    """How many runs of a part an SQL condition holds for."""
    with _scratch() as (connection, folder):
        sql = f"SELECT count(*) FROM {_reader(folder, [body])} WHERE {condition}"
        (rows,) = _one(connection.execute(sql, parameters))
        return int(rows)


def run_ids_of(body: bytes, dataset: str, first_batch: str, last_batch: str) -> set[str]:
    """The ids of a part's runs of a dataset, of batches between two ids, both included."""
    with _scratch() as (connection, folder):
        sql = (
            f"SELECT run_id FROM {_reader(folder, [body])} "
            "WHERE dataset = ? AND batch_id BETWEEN ? AND ?"
        )
        found = connection.execute(sql, [dataset, first_batch, last_batch]).fetchall()
        return {run_id for (run_id,) in found}


@contextmanager
def _scratch() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    with tempfile.TemporaryDirectory(prefix="parts-") as folder, connect() as connection:
        yield connection, Path(folder)


def _copied(
    connection: duckdb.DuckDBPyConnection, sql: str, folder: Path, parameters: Sequence[object] = ()
) -> bytes:
    """What a query gives, as one Parquet body."""
    target = folder / "copied.parquet"
    options = "(FORMAT parquet, COMPRESSION zstd)"
    connection.execute(f"COPY ({sql}) TO '{target}' {options}", list(parameters))
    return target.read_bytes()


def _reader(folder: Path, bodies: list[bytes], name: str = "body") -> str:
    """The table function that reads Parquet bodies, kept as files of this name."""
    paths = []
    for number, body in enumerate(bodies):
        path = folder / f"{name}-{number}.parquet"
        path.write_bytes(body)
        paths.append(f"'{path}'")
    return f"read_parquet([{', '.join(paths)}], union_by_name = true)"


def _runs(folder: Path, bodies: list[bytes]) -> str:
    """The runs of parts, with all columns."""
    return with_columns(_reader(folder, bodies), PARQUET_COLUMNS)


def _one(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    row = result.fetchone()
    assert row is not None
    return row


def json_reader(path: Path) -> str:
    """The table function that reads run lines with the declared types."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in JSON_COLUMNS.items())
    return f"read_json('{path}', format='newline_delimited', columns={{{columns}}})"
