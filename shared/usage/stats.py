"""The statistics of groups of runs, computed by DuckDB from the rows.

Percentiles interpolate linearly (NumPy's default), `std` is the population's.
Distributions and throughput count runs with `ok` only; tokens and extras count all.
A rate or a distribution over nothing is None, never 0; so are those that sums beyond what a
float holds would give.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from shared.runs import AMOUNTS
from shared.usage.held import Ask, Rows

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_DIST_MEMBERS = ("n", "mean", "min", *QUANTILES, "max", "std")
_COUNTS = (
    "count(*)",
    "count(*) FILTER (WHERE ok)",
    "coalesce(sum(prompt_tokens), 0)::BIGINT",
    "coalesce(sum(completion_tokens), 0)::BIGINT",
)


def time_of(total: str) -> str:
    """An SQL expression as what one may divide by: neither nothing nor beyond all numbers."""
    return f"nullif(nullif({total}, 0), 'inf'::DOUBLE)"


# Tokens over the time that they took: only runs that have both, and a latency only with ok.
_THROUGHPUT = (
    "sum(completion_tokens) FILTER (WHERE latency_ms IS NOT NULL) * 1e3 "
    f"/ {time_of('sum(latency_ms) FILTER (WHERE completion_tokens IS NOT NULL)')}"
)
# Amounts of runs with ok only. A filter of each of their aggregates takes a third longer.
_WITH_OK = ", ".join(f"CASE WHEN ok THEN {name} END AS {name}" for name in AMOUNTS)

_SPREAD = "stddev_pop({value}) {condition}"
# Squares of very large numbers overflow, and DuckDB refuses. Then those groups are scaled by a
# power of two, which changes no digit.
_WIDE_SPREAD = (
    "CASE WHEN max(abs({value})) {condition} < 1e100 "
    "THEN stddev_pop(CASE WHEN abs({value}) < 1e100 THEN {value} END) {condition} "
    "ELSE stddev_pop({value} * pow(2e0, -600)) {condition} / pow(2e0, -600) END"
)

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Labels:
    """The extra labels that an answer shows, of how many."""

    shown: tuple[str, ...]
    total: int

    @classmethod
    def of(cls, counts: Mapping[str, int], wanted: Sequence[str], most: int) -> "Labels":
        """The wanted labels; without any, those with the most values, by name."""
        first = sorted(counts, key=lambda label: (-counts[label], label))[:most]
        shown = [label for label in wanted if label in counts] if wanted else first
        return cls(tuple(sorted(shown)), len(counts))


def extras_of(ask: Ask, table: str) -> dict[str, dict[str, Any]]:
    """The distribution of each extra of a table of runs, by label."""
    return _extras(ask, [], table, None).get((), {})


def grouped_stats(
    ask: Ask,
    keys: list[str],
    table: str,
    labels: Sequence[str],
) -> dict[Key, dict[str, Any]]:
    """Stats of each group of the table by SQL key expressions, of which there is one at least, in
    the order of the keys. `labels` are the extras that are shown.
    """
    extras = _extras(ask, keys, table, labels)
    width = len(keys)
    found = {}
    for row in fetched(ask, lambda spread: _stats_sql(keys, table, spread)):
        key = tuple(row[:width])
        found[key] = stats_of(list(row[width:]), extras.get(key, {}))
    return found


def total_stats(
    ask: Ask,
    table: str,
    more: Iterable[str],
    extra: dict[str, Any],
) -> tuple[dict[str, Any], list[Any]]:
    """Stats of the whole table with these extras, and the values of more aggregates of it."""
    columns = list(more)
    (row,) = fetched(ask, lambda spread: _stats_sql([], table, spread, columns))
    width = len(row) - len(columns)
    return stats_of(list(row[:width]), extra), list(row[width:])


def empty_stats() -> dict[str, Any]:
    """The stats of no runs."""
    values: list[Any] = [0, 0, 0, 0]
    for _ in AMOUNTS:
        values += _no_distribution()
    return stats_of([*values, None], {})


def fetched(ask: Ask, sql: Callable[[str], str], parameters: Sequence[object] = ()) -> Rows:
    """The rows of a query that is given how to reckon a spread."""
    try:
        return ask(sql(_SPREAD), parameters)
    except duckdb.OutOfRangeException:
        return ask(sql(_WIDE_SPREAD), parameters)


def _stats_sql(keys: list[str], table: str, spread: str, more: Sequence[str] = ()) -> str:
    columns = [*keys, *_COUNTS]
    for metric in AMOUNTS:
        columns += _distribution_sql(metric, spread)
    columns += [_THROUGHPUT, *more]
    runs = f"(SELECT * REPLACE ({_WITH_OK}) FROM {table})"
    return f"SELECT {', '.join(columns)} FROM {runs}{_group_by(len(keys))}"


def _distribution_sql(value: str, spread: str) -> list[str]:
    return [
        f"count({value})",
        f"avg({value})",
        f"min({value})",
        f"quantile_cont({value}, {list(QUANTILES.values())})",
        f"max({value})",
        spread.format(value=value, condition=""),
    ]


def _group_by(width: int) -> str:
    if not width:
        return ""
    places = ", ".join(str(place + 1) for place in range(width))
    return f" GROUP BY {places} ORDER BY {places}"


def _extras(
    ask: Ask,
    keys: list[str],
    table: str,
    labels: Sequence[str] | None,
) -> dict[Key, dict[str, Any]]:
    if labels is not None and not labels:
        return {}
    given = [] if labels is None else [list(labels)]
    found: dict[Key, dict[str, Any]] = defaultdict(dict)
    for row in fetched(
        ask, lambda spread: _extras_sql(keys, table, spread, chosen=bool(given)), given
    ):
        values = list(row)
        found[tuple(values[: len(keys)])][values[len(keys)]] = distribution(values[len(keys) + 1 :])
    return found


def _extras_sql(keys: list[str], table: str, spread: str, *, chosen: bool) -> str:
    names = [f"k{number}" for number in range(len(keys))]
    named = [f"{key} AS {name}" for key, name in zip(keys, names, strict=True)]
    inner = ", ".join([*named, "unnest(map_entries(extra)) AS entry"])
    columns = ", ".join([*names, "entry.key", *_distribution_sql("entry.value", spread)])
    condition = " WHERE list_contains(?, entry.key)" if chosen else ""
    return (
        f"SELECT {columns} FROM (SELECT {inner} FROM {table}){condition}{_group_by(len(keys) + 1)}"
    )


def stats_of(values: list[Any], extra: dict[str, Any]) -> dict[str, Any]:
    """One row of a query as the document `Stats`; its values are in the order of the query."""
    runs, ok, prompt, completion, *rest = values
    stats = {
        "runs": runs,
        "ok": ok,
        "errors": runs - ok,
        "error_rate": (runs - ok) / runs if runs else None,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    for number, metric in enumerate(AMOUNTS):
        stats[metric] = distribution(rest[number * 6 : number * 6 + 6])
    return stats | {"throughput_tps": rest[-1], "extra": extra}


def distribution(values: list[Any]) -> dict[str, Any]:
    """Count, mean, minimum, quantiles, maximum and deviation as a document; null without values."""
    count, mean, low, quantiles, high, std = values
    if mean is not None and not math.isfinite(mean):
        mean = std = None
    spread = quantiles if count else [None] * len(QUANTILES)
    return dict(zip(_DIST_MEMBERS, [count, mean, low, *spread, high, std], strict=True))


def _no_distribution() -> list[Any]:
    return [0, None, None, None, None, None]
