"""Runs to Parquet, through DuckDB. The only writer of parts."""

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

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
