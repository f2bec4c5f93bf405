"""Runs to Parquet, through DuckDB. The only writer of parts."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from shared.runs import JSON_COLUMNS, Run, encode_runs, select_list


def connect() -> duckdb.DuckDBPyConnection:
    """A connection to the process's in-memory database; its temporary tables end with it."""
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Made once, because making one costs more than a small question."""
    database = duckdb.connect(":memory:")
    database.execute("SET temp_directory = ?", [tempfile.gettempdir()])
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET threads = 2")
    return database


def parquet_of(runs: Iterable[Run], older_parts: Iterable[bytes] = ()) -> bytes:
    """One Parquet body with the given runs and those of older parts, in order of time."""
    with tempfile.TemporaryDirectory(prefix="parts-") as folder, connect() as connection:
        scratch = Path(folder)
        sources = [_json_source(scratch, runs), *_parquet_sources(scratch, older_parts)]
        target = scratch / "part.parquet"
        union = " UNION ALL BY NAME ".join(sources)
        connection.execute(
            f"COPY (FROM ({union}) ORDER BY ts, run_id) TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        return target.read_bytes()


@dataclass(frozen=True)
class Rest:
    """What is left of a part: its body and number of runs."""

    body: bytes
    rows: int


def parquet_without(body: bytes, condition: str, parameters: list[str]) -> Rest:
    """A part without the runs for which an SQL condition holds."""
    with _part_file(body) as (connection, path):
        rest = f"FROM read_parquet('{path}') WHERE NOT ({condition})"
        (rows,) = _one(connection.execute(f"SELECT count(*) {rest}", parameters))
        target = path.with_name("rest.parquet")
        connection.execute(
            f"COPY (SELECT * {rest} ORDER BY ts, run_id) TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)",
            parameters,
        )
        return Rest(target.read_bytes(), rows)


def count_runs(body: bytes, condition: str, parameters: list[str]) -> int:
    """How many runs of a part an SQL condition holds for."""
    with _part_file(body) as (connection, path):
        sql = f"SELECT count(*) FROM read_parquet('{path}') WHERE {condition}"
        (rows,) = _one(connection.execute(sql, parameters))
        return int(rows)


def run_ids_of(body: bytes, dataset: str, first_batch: str, last_batch: str) -> set[str]:
    """The ids of a part's runs of a dataset, of batches between two ids, both included."""
    with _part_file(body) as (connection, path):
        sql = (
            f"SELECT run_id FROM read_parquet('{path}') "
            "WHERE dataset = ? AND batch_id BETWEEN ? AND ?"
        )
        found = connection.execute(sql, [dataset, first_batch, last_batch]).fetchall()
        return {run_id for (run_id,) in found}


@contextmanager
def _part_file(body: bytes) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    with tempfile.TemporaryDirectory(prefix="parts-") as folder, connect() as connection:
        path = Path(folder) / "part.parquet"
        path.write_bytes(body)
        yield connection, path


def _one(result: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    row = result.fetchone()
    assert row is not None
    return row


def _json_source(scratch: Path, runs: Iterable[Run]) -> str:
    lines = scratch / "runs.jsonl"
    lines.write_bytes(encode_runs(runs))
    return f"SELECT {select_list()} FROM {json_reader(lines)}"


def json_reader(path: Path) -> str:
    """The table function that reads run lines with the declared types."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in JSON_COLUMNS.items())
    return f"read_json('{path}', format='newline_delimited', columns={{{columns}}})"


def _parquet_sources(scratch: Path, parts: Iterable[bytes]) -> list[str]:
    sources = []
    for number, body in enumerate(parts):
        path = scratch / f"older-{number}.parquet"
        path.write_bytes(body)
        sources.append(f"SELECT * FROM read_parquet('{path}')")
    return sources
