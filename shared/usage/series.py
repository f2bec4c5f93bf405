"""Series in order of time, of few points each however many runs there are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import le

import duckdb

from shared.runs import dimension_sql
from shared.usage.groups import MAX_GROUPS, TooManyGroups
from shared.usage.shifts import Points
from shared.usage.stats import Key

MAX_POINTS = 1_000
# Newer points are runs of their own.
_SINGLE = MAX_POINTS // 2
_OLDER = MAX_POINTS - _SINGLE
# Lists of so many runs take up to 600 MB.
_LISTED = 10_000_000


@dataclass(frozen=True)
class TimeSeries:
    """One group's points of a metric, and when each begins, in µs since the epoch."""

    key: Key
    points: Points
    times: list[int]


@dataclass(frozen=True)
class _Columns:
    """Points as they are read: times of the first and the last run of each, mean, and runs."""

    first: list[int]
    last: list[int]
    means: list[float]
    runs: list[int]

    @property
    def in_order(self) -> bool:
        """Whether each point ends before the next one begins."""
        return all(map(le, self.last, self.first[1:]))

    def series(self, key: Key) -> TimeSeries:
        """Without means that no float holds."""
        finite = list(map(math.isfinite, self.means))
        means, runs = list(compress(self.means, finite)), list(compress(self.runs, finite))
        return TimeSeries(key, Points(means, runs), list(compress(self.first, finite)))


def read_series(
    connection: duckdb.DuckDBPyConnection, group_by: Sequence[str], metric: str, runs: int
) -> list[TimeSeries]:
    """The points of each group of the table `runs`, which has at most so many: the newest
    successful runs each by itself, means of equal numbers of older ones. Raises TooManyGroups.

    Files hold runs in order of time, so those of a group mostly come in order. They are sorted,
    which takes twice as long, only where points overlap, or where lists would need much memory.
    """
    reading = _Reading(connection, group_by, metric)
    found = reading.listed() if runs <= _LISTED else []
    if not found or not all(columns.in_order for _, columns in found):
        found = reading.sorted()
    return [columns.series(key) for key, columns in found]


@dataclass(frozen=True)
class _Reading:
    """The points of a metric by some dimensions, from a table `series` with a row of each group."""

    connection: duckdb.DuckDBPyConnection
    group_by: Sequence[str]
    metric: str

    @property
    def keys(self) -> list[str]:
        return [f"k{number}" for number in range(len(self.group_by))]

    def listed(self) -> list[tuple[Key, _Columns]]:
        """Of runs in the order in which they come."""
        self._group("list(ts) AS times", f"list({self.metric}) AS measured")
        back = "n - generate_subscripts(times, 1)"
        values = "unnest(times) AS t, unnest(measured) AS v"
        return self._points(f"SELECT rowid AS series, n, {back} AS back, {values} FROM series")

    def sorted(self) -> list[tuple[Key, _Columns]]:
        """Of runs in order of time; DuckDB puts on disk what it has no room for."""
        self._group()
        same = "".join(
            f" AND {dimension_sql(name)} IS NOT DISTINCT FROM {key}"
            for name, key in zip(self.group_by, self.keys, strict=True)
        )
        back = "row_number() OVER (PARTITION BY series.rowid ORDER BY ts DESC) - 1"
        return self._points(
            f"SELECT series.rowid AS series, n, {back} AS back, ts AS t, "
            f"{self.metric} AS v FROM runs JOIN series ON {self._measured}{same}"
        )

    @property
    def _measured(self) -> str:
        return f"ok AND {self.metric} IS NOT NULL"

    def _group(self, *columns: str) -> None:
        named = [
            f"{dimension_sql(name)} AS {key}"
            for name, key in zip(self.group_by, self.keys, strict=True)
        ]
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE series AS "
            f"SELECT {', '.join([*named, *columns, 'count(*) AS n'])} "
            f"FROM runs WHERE {self._measured} GROUP BY ALL"
        )
        ((groups,),) = self.connection.execute("SELECT count(*) FROM series").fetchall()
        if groups > MAX_GROUPS:
            raise TooManyGroups(f"this grouping gives more than {MAX_GROUPS} groups; filter")

    def _points(self, runs: str) -> list[tuple[Key, _Columns]]:
        """From SQL for the series, time and value of each run, how many are newer, and how many
        there are in all.
        """
        rows = self.connection.execute(_points_sql(self.keys, runs)).fetchall()
        width = len(self.group_by)
        return [(row[:width], _Columns(*row[width:])) for row in rows]


def _points_sql(keys: Sequence[str], runs: str) -> str:
    # Counted from the newest, so that the older points do not move with each new run.
    size = f"greatest((n - {_SINGLE} + {_OLDER} - 1) // {_OLDER}, 1)"
    place = (
        f"CASE WHEN back < {_SINGLE} THEN back ELSE {_SINGLE} + (back - {_SINGLE}) // {size} END"
    )
    # DuckDB groups by one small number in less time than by two.
    number = f"(series * {MAX_POINTS} + {place})::INTEGER"
    points = (
        f"SELECT {number} AS number, epoch_us(min(t)) AS first, epoch_us(max(t)) AS last, "
        f"avg(v) AS mean, count(*) AS runs FROM ({runs}) GROUP BY 1"
    )
    columns = ("first", "last", "mean", "runs")
    lists = ", ".join(f"list({name} ORDER BY number DESC) AS {name}" for name in columns)
    return (
        f"SELECT {', '.join([*keys, *columns])} "
        f"FROM (SELECT number // {MAX_POINTS} AS series, {lists} FROM ({points}) GROUP BY 1) "
        "AS points JOIN series ON series.rowid = points.series ORDER BY ALL"
    )
