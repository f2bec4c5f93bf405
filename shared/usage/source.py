"""What a plan reads, as DuckDB tables: runs from Parquet parts and segments, cells from
rollups.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path

import duckdb

from shared.runs import (
    DIMENSIONS,
    MEASURED,
    PARQUET_COLUMNS,
    Run,
    encode_runs,
    select_list,
    with_columns,
)
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
from shared.usage.held import Ask, asking, held
from shared.usage.planning import QueryPlan, Range, days_of, plan_reading, time_ranges
from shared.usage.query import UsageQuery

# Up to so many runs are read from their files once, and held for all queries and questions.
_HELD = 200_000
# All that windows, filters and statistics look at, so that every kind of question finds the same.
_HELD_COLUMNS = ("ts", *DIMENSIONS, *MEASURED, "conditions")


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
    with runs_source(snapshot, query, plan, columns) as source:
        if source.is_held:
            source.connection.execute(f"CREATE TEMP VIEW runs AS FROM {source.table}")
        yield source.connection


@dataclass(frozen=True)
class AskedTable:
    """A connection, and the table on it that has what a question is about.

    It may be one that is held for other questions, too, and then has more columns.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    is_held: bool = False

    @property
    def ask(self) -> Ask:
        """Asks about nothing but this table."""
        return asking(self.connection, self.table if self.is_held else None)


@contextmanager
def runs_source(
    snapshot: Snapshot, query: UsageQuery, plan: QueryPlan, columns: Sequence[str]
) -> Iterator[AskedTable]:
    """As `runs_table`; the table `runs` is not made where a held table has just its runs."""
    with _sources(snapshot, query, plan) as sources:
        folded = sources.folded if columns else None
        if folded and sources.are_all_asked_for:
            yield AskedTable(sources.connection, folded, is_held=True)
            return
        kind = "TABLE" if columns and not folded and plan.runs <= _HELD else "VIEW"
        sources.connection.execute(f"CREATE TEMP {kind} runs AS {sources.runs(columns)}")
        yield AskedTable(sources.connection, "runs")


@contextmanager
def cells_source(
    snapshot: Snapshot,
    query: UsageQuery,
    plan: QueryPlan,
    keys: Sequence[str],
    edges: Sequence[int] = (),
) -> Iterator[AskedTable]:
    """The cells of the question, by some dimensions, by `ok`, and by the beginnings of buckets
    (`edge`, microseconds) where there are any.
    """
    columns = [*(("edge",) if edges else ()), *keys]
    with _sources(snapshot, query, plan) as sources:
        rolled = _merged(sources.rolled(columns, edges), columns)
        ragged = sources.ragged(columns, edges)
        if not query.filters.given:
            table = sources.held(rolled)
            if not ragged:
                yield AskedTable(sources.connection, table, is_held=True)
                return
            rolled = f"FROM {table}"
        cells = (
            f"TABLE cells AS {_merged(f'({rolled}) UNION ALL BY NAME ({ragged})', columns)}"
            if ragged
            else f"VIEW cells AS {rolled}"
        )
        sources.connection.execute(f"CREATE TEMP {cells}")
        yield AskedTable(sources.connection, "cells")


@contextmanager
def cells_of_values(
    snapshot: Snapshot, query: UsageQuery, plan: QueryPlan, name: str
) -> Iterator[AskedTable]:
    """SQL for the question's values of one dimension, each several times."""
    with _sources(snapshot, query, plan) as sources:
        rolled = f"SELECT DISTINCT {name} FROM ({sources.rolled([name])})"
        if not query.filters.given:
            table = sources.held(rolled)
            if not sources.has_rows:
                yield AskedTable(sources.connection, table, is_held=True)
                return
            rolled = f"FROM {table}"
        rest = f" UNION ALL BY NAME {sources.runs([name])}" if sources.has_rows else ""
        yield AskedTable(sources.connection, f"({rolled}{rest})")


@dataclass(frozen=True)
class _Sources:
    """What a plan reads, as SQL on a connection: files, and perhaps lines of pending runs."""

    connection: duckdb.DuckDBPyConnection
    snapshot: Snapshot
    query: UsageQuery
    plan: QueryPlan
    paths: dict[str, Path]
    lines: Path | None
    stack: ExitStack
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def are_all_asked_for(self) -> bool:
        """Whether the question's runs are all those of the parts, and no others."""
        parts = [rows.part for rows in self.plan.rows]
        start, end = self.query.from_us, self.query.to_us
        within = all(start <= part.min_us and part.max_us < end for part in parts)
        return within and self.lines is None and not self.query.filters.given

    @property
    def has_rows(self) -> bool:
        """Whether any runs are read from rows."""
        return bool(self.plan.rows or self.lines)

    @cached_property
    def folded(self) -> str | None:
        """The name of a held table of all runs in the parts, whatever the window; None where they
        are many, or some are taken back.
        """
        runs = sum(rows.part.rows for rows in self.plan.rows)
        if runs > _HELD or self.snapshot.tombstones:
            return None
        selections = list(self._selections())
        return self.held(f"SELECT {', '.join(_HELD_COLUMNS)} FROM {_joined(selections)}")

    def held(self, sql: str) -> str:
        """The name of a table of what a query gives each time, until all was asked."""
        return self.stack.enter_context(held(self.connection, sql))

    def runs(self, columns: Sequence[str] = ()) -> str:
        """SQL: the question's runs that are read from rows; with columns only these, and perhaps
        from a held table.
        """
        folded = self.folded if columns else None
        sources = [f"SELECT * FROM {folded}"] if folded else list(self._selections())
        if self.lines:
            sources.append(f"SELECT {select_list()} FROM {json_reader(self.lines)}")
        runs = f"({sources[0]})" if folded and not self.lines else _joined(sources)
        query = self.query
        return (
            f"SELECT {', '.join(columns) or '*'} FROM {runs} "
            f"WHERE ts >= make_timestamp({query.from_us}) AND ts < make_timestamp({query.to_us}) "
            f"AND {self._bound(*query.filters.condition())}"
        )

    def ragged(self, columns: Sequence[str], edges: Sequence[int] = ()) -> str:
        """SQL: the cells of the runs that are read from rows, by some columns; "" without any."""
        if not self.has_rows:
            return ""
        wanted = ["ts", *(each for each in columns if each != "edge"), *MEASURED]
        runs = with_edges(f"({self.runs(list(dict.fromkeys(wanted)))})", "ts", edges)
        # Looked at several times.
        self.connection.execute(f"CREATE TEMP TABLE ragged AS FROM {runs}")
        return cells_of("ragged", columns)

    def rolled(self, columns: Sequence[str], edges: Sequence[int] = ()) -> str:
        """SQL: the cells that are read from rollups, by some columns, not yet added up."""
        names = ", ".join([*columns, *CELL_COLUMNS])
        filters = self._bound(*self.query.filters.condition())
        sources = []
        for level, ranges, files in _rollups(self.plan, self.paths):
            times = " OR ".join(
                f"t >= make_timestamp({start}) AND t < make_timestamp({end})"
                for start, end in ranges
            )
            rows = (
                f"(SELECT * FROM {with_columns(_parquet(files), ROLLUP_COLUMNS)} "
                f"WHERE level = '{level}' AND ({times}) AND {filters})"
            )
            sources.append(f"SELECT {names} FROM {with_edges(rows, 't', edges)}")
        return " UNION ALL BY NAME ".join(sources) or f"SELECT {names} FROM {_no_cells(edges)}"

    def _selections(self) -> Iterator[str]:
        """SQL for the runs of parts that are not taken out and not covered by rollups."""
        alike: dict[tuple[tuple[Range, ...], tuple[Tombstone, ...]], list[Path]] = defaultdict(list)
        for rows in self.plan.rows:
            tombstones = tuple(
                tombstone for tombstone in self.snapshot.tombstones if tombstone.concerns(rows.part)
            )
            alike[rows.without, tombstones].append(self.paths[rows.part.key])
        for (without, tombstones), files in alike.items():
            yield f"SELECT * FROM {_parquet(files)} WHERE {self._kept(without, tombstones)}"

    def _kept(self, without: Sequence[Range], tombstones: Sequence[Tombstone]) -> str:
        conditions = [
            f"NOT (ts >= make_timestamp({start}) AND ts < make_timestamp({end}))"
            for start, end in without
        ]
        conditions += [f"NOT ({self._bound(*tombstone.condition())})" for tombstone in tombstones]
        return " AND ".join(conditions) or "true"

    def _bound(self, sql: str, parameters: Sequence[object]) -> str:
        """SQL whose parameters are variables of the connection, as views have no parameters."""
        pieces = sql.split("?")
        found = pieces[0]
        for value, piece in zip(parameters, pieces[1:], strict=True):
            name = f"p{next(self.numbers)}"
            self.connection.execute(f"SET VARIABLE {name} = ?", [value])
            found += f"getvariable('{name}'){piece}"
        return found


@contextmanager
def _sources(snapshot: Snapshot, query: UsageQuery, plan: QueryPlan) -> Iterator[_Sources]:
    paths = _fetched(snapshot, plan)
    pending = [run for run in snapshot.pending_runs() if _within(run, query)]
    with ExitStack() as stack:
        lines = None
        if pending:
            folder = tempfile.TemporaryDirectory(prefix="pending-")
            lines = Path(stack.enter_context(folder)) / "pending.jsonl"
            lines.write_bytes(encode_runs(pending))
        connection = stack.enter_context(connect_to_ask())
        yield _Sources(connection, snapshot, query, plan, paths, lines, stack)


def _joined(sources: Sequence[str]) -> str:
    """SQL for the runs of several sources, or none, which may be older than a column."""
    union = " UNION ALL BY NAME ".join(sources) or "SELECT NULL AS run_id WHERE false"
    return with_columns(f"({union})", PARQUET_COLUMNS)


def _merged(cells: str, columns: Sequence[str]) -> str:
    """SQL that adds up cells, each source of which is read once."""
    merged = merged_cells("rolled", [*columns, "ok"])
    return f"WITH rolled AS MATERIALIZED ({cells}) {merged}"


def _no_cells(edges: Sequence[int]) -> str:
    return with_edges(
        with_columns("(SELECT NULL AS level WHERE false)", ROLLUP_COLUMNS), "t", edges
    )


def with_edges(table: str, time: str, edges: Sequence[int]) -> str:
    """SQL for a table with a column `edge`: where the bucket of a row begins."""
    if not edges:
        return table
    return f"(SELECT *, {bucket_sql(f'epoch_us({time})', edges)} AS edge FROM {table})"


def look_up(snapshot: Snapshot, *questions: UsageQuery) -> None:
    """Read from the catalog what several questions need, before objects are read for one."""
    joined: list[UsageQuery] = []
    for query in sorted(questions, key=lambda each: each.from_us):
        if joined and query.from_us <= joined[-1].to_us:
            before = joined.pop()
            query = replace(before, to_us=max(before.to_us, query.to_us))
        joined.append(query)
    for query in joined:
        days_of(snapshot, query)


def _within(run: Run, query: UsageQuery) -> bool:
    return query.from_us <= run.ts_us < query.to_us


def _rollups(plan: QueryPlan, paths: dict[str, Path]) -> list[tuple[str, list[Range], list[Path]]]:
    """The levels to read, with the ranges of their times, and files. Files that hold other times
    than those that are asked of them are read by themselves.
    """
    by_level: dict[str, tuple[list[int], list[Path]]] = defaultdict(lambda: ([], []))
    found = []
    for cells in plan.cells:
        if cells.alone:
            found.append((cells.level, time_ranges(cells.level, cells.times), [paths[cells.key]]))
        else:
            times, files = by_level[cells.level]
            times += cells.times
            files.append(paths[cells.key])
    found += [
        (level, time_ranges(level, times), files) for level, (times, files) in by_level.items()
    ]
    return found


def _parquet(paths: Sequence[Path]) -> str:
    names = ", ".join(f"'{path}'" for path in paths)
    return f"read_parquet([{names}], union_by_name = true)"


def _fetched(snapshot: Snapshot, plan: QueryPlan) -> dict[str, Path]:
    """The objects that a plan reads, as local files."""
    sizes = {rows.part.key: rows.part.bytes for rows in plan.rows}
    sizes |= {cells.key: cells.bytes for cells in plan.cells}
    snapshot.seal()
    return local_copies(snapshot.log.bucket, sizes)
