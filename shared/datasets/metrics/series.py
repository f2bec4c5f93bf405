"""The summaries of series, over all rows."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from shared.datasets.metrics.query import SeriesSummary

_QUANTILES = (0.5, 0.9, 0.95, 0.99)
# Squares of larger values would overflow; they are scaled by a power of two, which is exact.
_SAFE_MAGNITUDE = 1e100


class _Bounds(NamedTuple):
    """How many values a column has, the lowest and the highest."""

    n: int
    low: float | None
    high: float | None


def counts(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> dict[str, int]:
    """How many values each of these columns of the view `rows` has."""
    names = list(dict.fromkeys(columns))
    asked = ", ".join(["count(*)", *(f"count({name})" for name in names)])
    return dict(zip(names, _row(connection, f"SELECT {asked} FROM rows")[1:], strict=True))


def summaries(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[str]
) -> dict[str, SeriesSummary]:
    """The summaries of columns of the table `ordered`, without `last`."""
    within = _bounds(connection, columns)
    scales = {
        name: _scale(max(abs(low), abs(high)))
        for name, (_, low, high) in within.items()
        if low is not None and high is not None
    }
    asked = ", ".join(_moments(name, scale) for name, scale in scales.items())
    found = _row(connection, f"SELECT {asked} FROM ordered") if asked else ()
    known = {
        name: _summary(within[name], scale, found[3 * n : 3 * n + 3])
        for n, (name, scale) in enumerate(scales.items())
    }
    return {name: known.get(name, SeriesSummary(n=0)) for name in columns}


def _bounds(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> dict[str, _Bounds]:
    asked = ", ".join(f"count({name}), min({name}), max({name})" for name in columns)
    found = _row(connection, f"SELECT {asked} FROM ordered")
    return {name: _Bounds(*found[3 * n : 3 * n + 3]) for n, name in enumerate(columns)}


def _moments(column: str, scale: float) -> str:
    value = column if scale == 1 else f"{column} / {scale!r}::DOUBLE"
    return f"avg({value}), quantile_cont({value}, {list(_QUANTILES)}), stddev_pop({value})"


def _summary(within: _Bounds, scale: float, moments: Sequence[Any]) -> SeriesSummary:
    mean, quantiles, std = moments
    p50, p90, p95, p99 = (quantile * scale for quantile in quantiles)
    return SeriesSummary(
        n=within.n,
        mean=mean * scale,
        min=within.low,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        max=within.high,
        std=std * scale,
    )


def _scale(magnitude: float) -> float:
    if magnitude < _SAFE_MAGNITUDE:
        return 1.0
    return math.ldexp(1.0, math.frexp(magnitude)[1] - 1)


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None, "an aggregate always has a row"
    return row
