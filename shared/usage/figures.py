"""The figures of a question, from rows or from rollups, whichever the plan says.

Percentiles from rows interpolate linearly (NumPy's default). From rollups they do the same
between the values that stand for buckets, so each is within 1 % of the true one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb

from shared.observability import logger
from shared.runs import DIMENSIONS, MEASURED, dimension_sql
from shared.storage.log import Snapshot
from shared.usage.planning import QueryPlan, plan_reading
from shared.usage.query import UsageQuery
from shared.usage.ranking import Ranking, placed, rank
from shared.usage.rolled import cell_labels, cell_stats
from shared.usage.source import cells_of_values, cells_table, runs_table, with_edges
from shared.usage.stats import Key, Labels, extras_of, grouped_stats, total_stats

# A series has an entry a label and a point, and a reader only so much patience.
MAX_LABELS = 100
# The cells that count runs, not values of a metric.
_COUNTED = "(FROM cells WHERE metric IS NULL)"
_COLUMNS = ("ts", *DIMENSIONS, *MEASURED, "conditions")


class Figures(Protocol):
    """Statistics of one question's runs, from the tables of the connection."""

    connection: duckdb.DuckDBPyConnection
    labels: Labels

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        """Stats of each group by some of the keys that were asked for, in their order.

        `edge` is the beginning of the bucket. Without keys: one group, `()`.
        """

    def groups(self, keys: Sequence[str], most: int) -> int:
        """How many groups there are, counted up to one more than `most`."""

    def rank(self, keys: Sequence[str], most: int) -> Ranking:
        """The groups with the most runs; from now on stats may be asked for by `place`."""

    def totals(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
        """Stats of everything, and how many values of each of these dimensions there are, null
        not counted.
        """


@contextmanager
def figures_of(
    snapshot: Snapshot,
    query: UsageQuery,
    keys: Sequence[str] = (),
    edges: Sequence[int] = (),
    *,
    exact: bool | None = None,
    labels: Sequence[str] = (),
) -> Iterator[tuple[QueryPlan, Figures]]:
    """The plan for a question by these dimensions and buckets, and the figures it gives.

    `labels` names the extras that are wanted; without, those that most runs have.
    """
    plan = plan_reading(snapshot, query, keys, edges, exact=exact)
    logger().info(
        "usage_planned",
        source="rows" if plan.exact else "rollups",
        runs=plan.runs,
        parts=len(plan.rows),
        rollups=len(plan.cells),
    )
    if plan.exact:
        with runs_table(snapshot, query, plan, _COLUMNS) as connection:
            yield plan, _FromRows(connection, edges, labels)
    else:
        with cells_table(snapshot, query, plan, keys, edges) as connection:
            yield plan, _FromCells(connection, labels, snapshot, query)


class _FromRows:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, edges: Sequence[int], labels: Sequence[str]
    ) -> None:
        self.connection = connection
        self._extras = extras_of(connection)
        counts = {label: values["n"] for label, values in self._extras.items()}
        self.labels = Labels.of(counts, labels, MAX_LABELS)
        self._bucketed = with_edges("runs", "ts", edges)

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        if not keys:
            return {(): self.totals(())[0]}
        columns = list(map(dimension_sql, keys))
        return grouped_stats(self.connection, columns, self._bucketed, self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self.connection, self._bucketed, keys, most)

    def rank(self, keys: Sequence[str], most: int) -> Ranking:
        ranking = rank(self.connection, "runs", "count(*)", keys, most)
        self._bucketed = placed(self._bucketed, keys, ranking)
        return ranking

    def totals(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
        extra = {label: self._extras[label] for label in self.labels.shown}
        stats, counts = total_stats(self.connection, "runs", map(_values_of, names), extra)
        return stats, dict(zip(names, counts, strict=True))


class _FromCells:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        labels: Sequence[str],
        snapshot: Snapshot,
        query: UsageQuery,
    ) -> None:
        self.connection, self.snapshot, self.query = connection, snapshot, query
        self.labels = cell_labels(connection, labels, MAX_LABELS)
        self._cells = "cells"

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        cells = self._cells if keys else "cells"
        return cell_stats(self.connection, cells, list(keys), self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self.connection, _COUNTED, keys, most)

    def rank(self, keys: Sequence[str], most: int) -> Ranking:
        ranking = rank(self.connection, _COUNTED, "sum(n)", keys, most)
        self._cells = placed("cells", keys, ranking)
        return ranking

    def totals(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
        # These cells need not keep the values apart.
        return self.stats(())[()], {name: self._distinct(name) for name in names}

    def _distinct(self, name: str) -> int:
        plan = plan_reading(self.snapshot, self.query, [name], exact=False)
        with cells_of_values(self.snapshot, self.query, plan, name) as (connection, cells):
            return _one(connection, f"SELECT {_values_of(name)} FROM {cells}")


def _values_of(name: str) -> str:
    return f"count(DISTINCT {name})"


def _groups(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], most: int
) -> int:
    if not keys:
        return 1
    columns = ", ".join(map(dimension_sql, keys))
    distinct = f"SELECT DISTINCT {columns} FROM {table} LIMIT {most + 1}"
    return _one(connection, f"SELECT count(*) FROM ({distinct})")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((found,),) = connection.execute(sql).fetchall()
    return int(found)
