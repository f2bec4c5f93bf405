"""One series: its summary over all rows, and points that keep its peaks."""

import math
from typing import Any, NamedTuple

import duckdb

from shared import clock
from shared.datasets.metrics.query import SeriesSummary

# Of all series together, so that an answer stays below the 6 MB of one invocation.
POINT_BUDGET = 70_000
_QUANTILES = (0.5, 0.9, 0.95, 0.99)
# Squares of larger values would overflow; they are scaled by a power of two, which is exact.
_SAFE_MAGNITUDE = 1e100

Points = list[tuple[str, float]]


class Bounds(NamedTuple):
    """How many values a column has, the lowest and the highest."""

    n: int
    low: float | None
    high: float | None


def bounds(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> dict[str, Bounds]:
    """The bounds of columns of the view `rows`, all in one go."""
    names = list(dict.fromkeys(columns))
    if not names:
        return {}
    asked = ", ".join(f"count({name}), min({name}), max({name})" for name in names)
    found = _row(connection, f"SELECT {asked} FROM rows")
    return {name: Bounds(*found[3 * n : 3 * n + 3]) for n, name in enumerate(names)}


def summary(connection: duckdb.DuckDBPyConnection, column: str, within: Bounds) -> SeriesSummary:
    """The summary of a column of the view `rows`, without `last`."""
    count, low, high = within
    if low is None or high is None:
        return SeriesSummary(n=0)
    scale = _scale(max(abs(low), abs(high)))
    mean, quantiles, std = _row(
        connection,
        f"SELECT avg(v), quantile_cont(v, {list(_QUANTILES)}), stddev_pop(v) "
        f"FROM (SELECT {column} / {scale!r}::DOUBLE AS v FROM rows)",
    )
    p50, p90, p95, p99 = (quantile * scale for quantile in quantiles)
    return SeriesSummary(
        n=count,
        mean=mean * scale,
        min=low,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        max=high,
        std=std * scale,
    )


def points(connection: duckdb.DuckDBPyConnection, column: str, most: int) -> tuple[Points, bool]:
    """At most so many points of a column in order of time, and whether some were left out.

    Where there are more, the values are cut into equally long stretches, of which each
    gives its lowest and its highest; the first and the last of all are there too. Below
    four points, the highest goes first, then the lowest, then the last.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS "
        f"SELECT row_number() OVER (ORDER BY us, source, line) AS place, us, {column} AS v "
        f"FROM rows WHERE {column} IS NOT NULL AND us IS NOT NULL"
    )
    (count,) = _row(connection, "SELECT count(*) FROM placed")
    kept = "true" if count <= most else f"place IN ({_kept(count, most)})"
    found = connection.execute(f"SELECT us, v FROM placed WHERE {kept} ORDER BY place").fetchall()
    return [(clock.iso(us), value) for us, value in found], count > most


def last_value(connection: duckdb.DuckDBPyConnection) -> float | None:
    """The value at the latest instant of the series whose points were just taken."""
    row = connection.execute("SELECT v FROM placed ORDER BY place DESC LIMIT 1").fetchone()
    return None if row is None else float(row[0])


def _kept(count: int, most: int) -> str:
    """SQL: the places that are kept of `count`, at most `most`."""
    if most < 4:
        extremes = ["arg_max(place, v)", "arg_min(place, v)", f"{count}"][:most]
        return f"SELECT unnest([{', '.join(extremes)}]) FROM placed"
    stretches = (most - 2) // 2
    ends = f"SELECT unnest([1, {count}])"
    peaks = (
        "SELECT unnest([arg_min(place, v), arg_max(place, v)]) FROM placed "
        f"GROUP BY (place - 1) * {stretches} // {count}"
    )
    return f"{ends} UNION ALL {peaks}"


def _scale(magnitude: float) -> float:
    if magnitude < _SAFE_MAGNITUDE:
        return 1.0
    return math.ldexp(1.0, math.frexp(magnitude)[1] - 1)


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None, "an aggregate always has a row"
    return row
