"""What a plan reads, as DuckDB tables: runs from Parquet parts and segments, cells from
rollups.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from shared.runs import MEASURED, Run, encode_runs, select_list, with_columns
from shared.storage.lake import (
    CELL_COLUMNS,
    ROLLUP_COLUMNS,
    cells_of,
    connect_to_ask,
    json_reader,
    local_copies,
    merged_cells,
)
from shared.storage.log import Snapshot, Tombstone
from shared.usage.buckets import bucket_sql
from shared.usage.planning import QueryPlan, Range, days_of, plan_reading
from shared.usage.query import UsageQuery

# Up to so many runs are read from their files once, and then held for all queries.
_HELD = 200_000


@contextmanager
def runs_table(
    snapshot: Snapshot,
    query: UsageQuery,
    plan: QueryPlan | None = None,
    columns: Sequence[str] = (),
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `runs` of exactly the question's runs, `ts` a UTC timestamp.

    With a plan, only of those that it reads from rows. With columns, only these are there, which
    makes several queries cheap.
    """
    plan = plan or plan_reading(snapshot, query, exact=True)
    paths = _fetched(snapshot, plan)
    pending = [run for run in snapshot.pending_runs() if _within(run, query)]
    with tempfile.TemporaryDirectory(prefix="pending-") as folder, connect_to_ask() as connection:
        lines = Path(folder) / "pending.jsonl"
        lines.write_bytes(encode_runs(pending))
        sources = _selections(connection, snapshot, plan, paths)
        # Even without lines: files may be older than a column, which then comes from here.
        sources.append(f"SELECT {select_list()} FROM {json_reader(lines)}")
        everything = " UNION ALL BY NAME ".join(sources)
        is_held = columns and plan.runs <= _HELD
        connection.execute(
            f"CREATE TEMP {'TABLE' if is_held else 'VIEW'} runs AS "
            f"SELECT {', '.join(columns) or '*'} FROM ({everything}) "
            f"WHERE ts >= make_timestamp({query.from_us}) "
            f"AND ts < make_timestamp({query.to_us}) "
            f"AND {_bound(connection, *query.filters.condition())}"
        )
        yield connection


@contextmanager
def cells_table(
    snapshot: Snapshot,
    query: UsageQuery,
    plan: QueryPlan,
    keys: Sequence[str],
    edges: Sequence[int] = (),
    *,
    counts_only: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `cells` of the question, by some dimensions, by `ok`, and by
    the beginnings of buckets (`edge`, microseconds) where there are any.
    """
    wanted = "metric IS NULL" if counts_only else "true"
    paths = _fetched(snapshot, plan)
    columns = [*(("edge",) if edges else ()), *keys]
    names = ", ".join([*columns, *CELL_COLUMNS])
    filters = query.filters.condition()
    with runs_table(snapshot, query, plan) as connection:
        # Each source is read once, and few of its columns.
        connection.execute(
            f"CREATE TEMP TABLE ragged AS SELECT {_columns_of_cells(columns)} "
            f"FROM {with_edges('runs', 'ts', edges)}"
        )
        connection.execute(
            f"CREATE TEMP TABLE rolled AS SELECT * FROM ({cells_of('ragged', columns)})"
        )
        for level, times, files in _rollups(plan, paths):
            cells = with_columns(_parquet(files), ROLLUP_COLUMNS)
            rows = (
                f"(SELECT * FROM {cells} WHERE level = '{level}' AND {wanted} "
                f"AND {_bound(connection, *filters)} "
                f"AND t IN {_bound(connection, '(SELECT make_timestamp(unnest(?)))', [times])})"
            )
            source = with_edges(rows, "t", edges)
            connection.execute(f"INSERT INTO rolled BY NAME SELECT {names} FROM {source}")
        merged = merged_cells("rolled", [*columns, "ok"])
        connection.execute(f"CREATE TEMP TABLE cells AS {merged}")
        yield connection


def _columns_of_cells(columns: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys([*columns, *MEASURED]))


def with_edges(table: str, time: str, edges: Sequence[int]) -> str:
    """SQL for a table with a column `edge`: where the bucket of a row begins."""
    if not edges:
        return table
    return f"(SELECT *, {bucket_sql(f'epoch_us({time})', edges)} AS edge FROM {table})"


def look_up(snapshot: Snapshot, *questions: UsageQuery) -> None:
    """Read from the catalog what several questions need, before objects are read for one."""
    for query in questions:
        days_of(snapshot, query)


def _within(run: Run, query: UsageQuery) -> bool:
    return query.from_us <= run.ts_us < query.to_us


def _selections(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    plan: QueryPlan,
    paths: dict[str, Path],
) -> list[str]:
    """SQL for the runs of parts that are not taken out and not covered by rollups."""
    alike: dict[tuple[tuple[Range, ...], tuple[Tombstone, ...]], list[Path]] = defaultdict(list)
    for rows in plan.rows:
        tombstones = tuple(
            tombstone for tombstone in snapshot.tombstones if tombstone.concerns(rows.part)
        )
        alike[rows.without, tombstones].append(paths[rows.part.key])
    return [
        f"SELECT * FROM {_parquet(files)} WHERE {_kept(connection, without, tombstones)}"
        for (without, tombstones), files in alike.items()
    ]


def _kept(
    connection: duckdb.DuckDBPyConnection, without: Sequence[Range], tombstones: Sequence[Tombstone]
) -> str:
    conditions = [
        f"NOT (ts >= make_timestamp({start}) AND ts < make_timestamp({end}))"
        for start, end in without
    ]
    conditions += [
        f"NOT ({_bound(connection, *tombstone.condition())})" for tombstone in tombstones
    ]
    return " AND ".join(conditions) or "true"


def _bound(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object]) -> str:
    """SQL whose parameters are variables of the connection, as views have no parameters."""
    pieces = sql.split("?")
    names = []
    for value in parameters:
        (number,) = connection.execute("SELECT count(*) FROM duckdb_variables()").fetchall()[0]
        names.append(f"p{number}")
        connection.execute(f"SET VARIABLE {names[-1]} = ?", [value])
    filled = [
        f"getvariable('{name}'){piece}" for name, piece in zip(names, pieces[1:], strict=True)
    ]
    return pieces[0] + "".join(filled)


def _rollups(plan: QueryPlan, paths: dict[str, Path]) -> list[tuple[str, list[int], list[Path]]]:
    """The levels to read, with their times and files. Files that hold other times than those
    that are asked of them are read by themselves.
    """
    by_level: dict[str, tuple[list[int], list[Path]]] = defaultdict(lambda: ([], []))
    found = []
    for cells in plan.cells:
        if cells.alone:
            found.append((cells.level, list(cells.times), [paths[cells.key]]))
        else:
            times, files = by_level[cells.level]
            times += cells.times
            files.append(paths[cells.key])
    return [*found, *((level, *both) for level, both in by_level.items())]


def _parquet(paths: Sequence[Path]) -> str:
    names = ", ".join(f"'{path}'" for path in paths)
    return f"read_parquet([{names}], union_by_name = true)"


def _fetched(snapshot: Snapshot, plan: QueryPlan) -> dict[str, Path]:
    """The objects that a plan reads, as local files."""
    sizes = {rows.part.key: rows.part.bytes for rows in plan.rows}
    sizes |= {cells.key: cells.bytes for cells in plan.cells}
    snapshot.seal()
    return local_copies(snapshot.log.bucket, sizes)
