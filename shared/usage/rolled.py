"""The statistics of groups of runs, computed by DuckDB from cells of rollups."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from shared.runs import AMOUNTS
from shared.storage.lake import EXTRA_PREFIX, merged_moments, value_of
from shared.usage.held import Ask
from shared.usage.stats import QUANTILES, Key, Labels, distribution, stats_of, time_of

# Count, mean, lowest, quantiles, highest, standard deviation.
Moments = list[Any]


def cell_labels(ask: Ask, cells: str, wanted: Sequence[str], most: int) -> Labels:
    """The extra labels to show; see `Labels.of`."""
    condition = "metric IS NOT NULL AND bucket IS NULL"
    found = ask(f"SELECT metric, sum(n) FROM {cells} WHERE {condition} GROUP BY 1", ())
    counts = {
        metric.removeprefix(EXTRA_PREFIX): int(n)
        for metric, n in found
        if metric.startswith(EXTRA_PREFIX)
    }
    return Labels.of(counts, wanted, most)


def cell_stats(
    ask: Ask, cells: str, keys: list[str], labels: Sequence[str]
) -> dict[Key, dict[str, Any]]:
    """Stats of each group of a table of cells by some of its columns, in their order.

    Without keys there is exactly one group, `()`, even over nothing.
    """
    metrics = [*AMOUNTS, *(EXTRA_PREFIX + label for label in labels)]
    measured = _distributions(ask, cells, keys, metrics)
    found = {}
    for row in ask(_counts_sql(cells, keys), ()):
        key, values = tuple(row[: len(keys)]), row[len(keys) :]
        *counts, throughput = values
        metric = measured.get(key, {})
        extra = {
            label: distribution(metric[EXTRA_PREFIX + label])
            for label in labels
            if EXTRA_PREFIX + label in metric
        }
        rest = [value for name in AMOUNTS for value in metric.get(name, _NOTHING)]
        found[key] = stats_of([*counts, *rest, throughput], extra)
    return found


_NOTHING: Moments = [0, None, None, None, None, None]


def _counts_sql(cells: str, keys: list[str]) -> str:
    by = ", ".join(str(place + 1) for place in range(len(keys)))
    columns = [
        *keys,
        "coalesce(sum(n) FILTER (WHERE metric IS NULL), 0)::BIGINT",
        "coalesce(sum(n) FILTER (WHERE metric IS NULL AND ok), 0)::BIGINT",
        "coalesce(sum(prompt_tokens), 0)::BIGINT",
        "coalesce(sum(completion_tokens), 0)::BIGINT",
        f"sum(timed_tokens) FILTER (WHERE ok) * 1e3 / {time_of('sum(timed_ms)')}",
    ]
    ordered = f" GROUP BY {by} ORDER BY {by}" if keys else ""
    condition = "bucket IS NULL AND (metric IS NULL OR metric = 'latency_ms')"
    return f"SELECT {', '.join(columns)} FROM {cells} WHERE {condition}{ordered}"


def _distributions(
    ask: Ask, cells: str, keys: list[str], metrics: list[str]
) -> dict[Key, dict[str, Moments]]:
    """The moments and quantiles of each metric of each group."""
    quantiles = {
        tuple(row[: len(keys) + 1]): row[len(keys) + 1 :]
        for row in ask(_quantiles_sql(cells, keys), [metrics])
    }
    columns = ", ".join([*keys, "metric", "n", "total", "m2", "low", "high"])
    sql = f"SELECT {columns} FROM ({merged_moments(cells, keys)}) WHERE list_contains(?, metric)"
    found: dict[Key, dict[str, Moments]] = defaultdict(dict)
    for row in ask(sql, [metrics]):
        *key, metric, count, total, m2, low, high = row
        spread = _quantiles(quantiles[(*key, metric)], count, low, high)
        deviation = math.sqrt(max(m2, 0.0) / count)
        found[tuple(key)][metric] = [count, total / count, low, spread, high, deviation]
    return found


def _quantiles_sql(cells: str, keys: list[str]) -> str:
    """For each quantile the values of the two buckets that its two neighbours lie in."""
    by = ", ".join([*keys, "metric"])
    window = f"OVER (PARTITION BY {by} ORDER BY bucket)"
    ends = ", ".join(
        f"min(value) FILTER (WHERE reached > {rounded}((n - 1) * {share}e0))"
        for share in QUANTILES.values()
        for rounded in ("floor", "ceil")
    )
    return f"""
    SELECT {by}, {ends} FROM (
        SELECT {by}, {value_of("bucket")} AS value, sum(counted) {window} AS reached,
            sum(counted) OVER (PARTITION BY {by}) AS n
        FROM (
            SELECT {by}, bucket, sum(n) AS counted FROM {cells}
            WHERE bucket IS NOT NULL AND list_contains(?, metric) GROUP BY {by}, bucket
        )
    ) GROUP BY {by}
    """


def _quantiles(ends: Sequence[float], count: int, low: float, high: float) -> list[float]:
    found = []
    for number, share in enumerate(QUANTILES.values()):
        below, above = ends[2 * number], ends[2 * number + 1]
        place = (count - 1) * share
        value = below + (above - below) * (place - math.floor(place))
        found.append(min(max(value, low), high))
    return found
