"""Groups by their number of runs: the greatest have a place of their own, all others share one."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from shared.runs import dimension_sql
from shared.usage.stats import Key

# The column that keeps groups apart once they are ranked.
PLACE = "place"


@dataclass(frozen=True)
class Ranking:
    """The groups with the most runs, those of equal numbers by name, null last; their place is
    that in `keys`. `others` is how many groups come after them: together at place `len(keys)`.
    """

    keys: tuple[Key, ...]
    others: int


def rank(
    connection: duckdb.DuckDBPyConnection, table: str, runs: str, keys: Sequence[str], most: int
) -> Ranking:
    """Rank the groups of a table by an aggregate that counts runs, in a table for `placed`."""
    names = _names(keys)
    columns = ", ".join(
        f"{dimension_sql(key)} AS {name}" for key, name in zip(keys, names, strict=True)
    )
    order = ", ".join(["runs DESC", *(f"{name} NULLS LAST" for name in names)])
    connection.execute(
        f"CREATE TEMP TABLE ranked AS SELECT *, row_number() OVER (ORDER BY {order}) - 1 AS place, "
        f"count(*) OVER () AS groups FROM (SELECT {columns}, {runs} AS runs FROM {table} "
        f"GROUP BY ALL) QUALIFY place < {most}"
    )
    found = connection.execute(
        f"SELECT groups, {', '.join(names)} FROM ranked ORDER BY place"
    ).fetchall()
    groups = found[0][0] if found else 0
    return Ranking(tuple(tuple(key) for _, *key in found), groups - len(found))


def placed(table: str, keys: Sequence[str], ranking: Ranking) -> str:
    """SQL for a table with the column `place` of each row's group, after `rank`."""
    same = " AND ".join(
        f"{dimension_sql(key)} IS NOT DISTINCT FROM {name}"
        for key, name in zip(keys, _names(keys), strict=True)
    )
    place = f"coalesce(place, {len(ranking.keys)})"
    return f"(SELECT each.*, {place} AS {PLACE} FROM {table} AS each LEFT JOIN ranked ON {same})"


def _names(keys: Sequence[str]) -> list[str]:
    return [f"rank_{number}" for number in range(len(keys))]
