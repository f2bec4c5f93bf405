"""Cells: counts, moments and histograms of runs, as rows of one table.

A row without a metric counts runs and tokens; one with a metric and no bucket has its
moments (`m2` is the sum of squared deviations from the mean); one with both counts the
values of a bucket. Times and speeds are those of runs with `ok`, extras those of all.
`timed_tokens` and `timed_ms` are the tokens and the latencies of runs that have both; cells
that are older than these columns have null, and all tokens and all latencies stand for them.

The buckets of a histogram grow by a constant factor. Bucket k holds the values in (γᵏ⁻¹, γᵏ]
and answers with 2γᵏ/(γ+1), so no value is farther from its bucket's than (γ−1)/(γ+1) of itself
(DDSketch, arXiv 1908.10693). Buckets of the same number add up, in any order. Numbers below
zero mirror those above.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.runs import AMOUNTS

GAMMA = 1.02
RELATIVE_ERROR = (GAMMA - 1) / (GAMMA + 1)
# With an exponent, as DuckDB takes other fractions for decimals.
_LOG_GAMMA = f"{math.log(GAMMA)!r}e0"
_MIDDLE = f"{2 / (GAMMA + 1)!r}e0"
# Above every −k that a double can have, so that the sign of a bucket is that of its values.
_SHIFT = 40_000
# name → DuckDB type, after the columns that say what a cell is about.
CELL_COLUMNS: dict[str, str] = {
    "ok": "BOOLEAN",
    "metric": "VARCHAR",
    "bucket": "INTEGER",
    "n": "BIGINT",
    "prompt_tokens": "BIGINT",
    "completion_tokens": "BIGINT",
    "total": "DOUBLE",
    "m2": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "timed_tokens": "BIGINT",
    "timed_ms": "DOUBLE",
}
EXTRA_PREFIX = "extra:"
_NO_MOMENTS = (
    "NULL::DOUBLE AS total, NULL::DOUBLE AS m2, NULL::DOUBLE AS low, NULL::DOUBLE AS high, "
    "NULL::DOUBLE AS timed_ms"
)
# Squares of larger numbers overflow: their spread is left out.
_M2 = (
    "CASE WHEN max(abs(value)) < 1e100 "
    "THEN var_pop(CASE WHEN abs(value) < 1e100 THEN value END) * count(*) "
    "ELSE 'infinity'::DOUBLE END"
)
_NO_TOKENS = (
    "NULL::BIGINT AS prompt_tokens, NULL::BIGINT AS completion_tokens, NULL::BIGINT AS timed_tokens"
)


def bucket_of(value: str) -> str:
    """SQL for the bucket of a number; buckets are in the order of their values."""
    size = f"({_SHIFT} + ceil(ln(abs({value})) / {_LOG_GAMMA}))::INTEGER"
    return f"CASE WHEN {value} = 0 THEN 0 ELSE sign({value})::INTEGER * {size} END"


def value_of(bucket: str) -> str:
    """SQL for the number that stands for a bucket's."""
    # The topmost bucket ends above the greatest double.
    size = f"exp(least((abs({bucket}) - {_SHIFT}) * {_LOG_GAMMA}, 709e0)) * {_MIDDLE}"
    return f"CASE WHEN {bucket} = 0 THEN 0e0 ELSE sign({bucket}) * {size} END"


@dataclass(frozen=True)
class Grouping:
    """How cells are divided: the columns that are looked at, what is selected of them (SQL), and
    the sets of columns that runs are grouped by.
    """

    columns: tuple[str, ...]
    selected: str
    sets: tuple[tuple[str, ...], ...]

    def by(self, *more: str) -> str:
        """The SQL clause, with `ok` and further columns in each set."""
        sets = [f"({', '.join([*columns, 'ok', *more])})" for columns in self.sets]
        return f"GROUP BY GROUPING SETS ({', '.join(sets)})"


def cells_of(runs: str, keys: Sequence[str]) -> str:
    """SQL for the cells of a table of runs, by some of its columns."""
    selected = "".join(f"{key}, " for key in keys)
    return grouped_cells(runs, Grouping(tuple(keys), selected, (tuple(keys),)))


def grouped_cells(runs: str, grouping: Grouping) -> str:
    """SQL for the cells of a table of runs; `selected` ends with a comma unless it is empty."""
    values = f"({_values_of(runs, grouping.columns)})"
    head = f"{grouping.selected} ok"
    return f"""
    SELECT {head}, NULL::VARCHAR AS metric, NULL::INTEGER AS bucket, count(*) AS n,
        sum(prompt_tokens)::BIGINT AS prompt_tokens,
        sum(completion_tokens)::BIGINT AS completion_tokens,
        coalesce(sum(completion_tokens) FILTER (WHERE latency_ms IS NOT NULL), 0)::BIGINT
            AS timed_tokens, {_NO_MOMENTS}
    FROM {runs} {grouping.by()}
    UNION ALL
    SELECT {head}, metric, NULL, count(*), {_NO_TOKENS}, sum(value),
        {_M2}, min(value), max(value), coalesce(sum(value) FILTER (WHERE timed), 0e0)
    FROM {values} {grouping.by("metric")}
    UNION ALL
    SELECT {head}, metric, bucket, count(*), {_NO_TOKENS}, {_NO_MOMENTS}
    FROM (SELECT *, {bucket_of("value")} AS bucket FROM {values}) {grouping.by("metric", "bucket")}
    """


def _values_of(runs: str, keys: Sequence[str]) -> str:
    """SQL for every value that has a distribution, one a row; the runs are read once for all."""
    by = _list([*keys, "ok"])
    timed = {"latency_ms": "completion_tokens IS NOT NULL"}
    amounts = _list([_value(f"'{name}'", name, timed.get(name, "false")) for name in AMOUNTS])
    extra = _value(f"'{EXTRA_PREFIX}' || entry.key", "entry.value", "false")
    values = (
        f"list_concat(CASE WHEN ok THEN [{amounts}] END, [{extra} FOR entry IN map_entries(extra)])"
    )
    return (
        f"SELECT {by}, one.metric AS metric, one.value AS value, one.timed AS timed "
        f"FROM (SELECT {by}, unnest({values}) AS one FROM {runs}) WHERE one.value IS NOT NULL"
    )


def _value(metric: str, value: str, timed: str) -> str:
    return f"{{'metric': {metric}, 'value': {value}::DOUBLE, 'timed': {timed}}}"


def merged_cells(cells: str, keys: Sequence[str]) -> str:
    """SQL that adds up cells by some of their columns."""
    by = _list([*keys, "metric"])
    return f"""
    SELECT {by}, bucket, sum(n)::BIGINT AS n, sum(prompt_tokens)::BIGINT AS prompt_tokens,
        sum(completion_tokens)::BIGINT AS completion_tokens,
        sum(coalesce(timed_tokens, completion_tokens))::BIGINT AS timed_tokens, {_NO_MOMENTS}
    FROM {cells} WHERE metric IS NULL OR bucket IS NOT NULL GROUP BY {by}, bucket
    UNION ALL BY NAME
    SELECT *, NULL::INTEGER AS bucket, {_NO_TOKENS} FROM ({merged_moments(cells, keys)})
    """


def merged_moments(cells: str, keys: Sequence[str]) -> str:
    """SQL that adds up the moments of cells by some of their columns, and by metric.

    Squared deviations are moved to the common mean before they are added (Chan, Golub and
    LeVeque, 1979), which loses no digits where the mean is large against the spread.
    """
    by = _list([*keys, "metric"])
    window = f"OVER (PARTITION BY {by})"
    return f"""
    SELECT {by}, sum(n)::BIGINT AS n, sum(total) AS total,
        sum(m2 + n * (total / n - mean) * (total / n - mean)) AS m2,
        min(low) AS low, max(high) AS high, sum(coalesce(timed_ms, total)) AS timed_ms
    FROM (
        SELECT *, sum(total) {window} / sum(n) {window} AS mean
        FROM {cells} WHERE metric IS NOT NULL AND bucket IS NULL
    ) GROUP BY {by}
    """


def _list(columns: Sequence[str]) -> str:
    return ", ".join(columns)
