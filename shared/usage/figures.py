"""The figures of a question, from rows or from rollups, whichever the plan says.

Percentiles from rows interpolate linearly (NumPy's default). From rollups they do the same
between the values that stand for buckets, so each is within 1 % of the true one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from shared.observability import logger
from shared.runs import DIMENSIONS, MEASURED, dimension_sql
from shared.storage.log import Snapshot
from shared.usage.held import Ask, asking
from shared.usage.planning import QueryPlan, plan_reading
from shared.usage.query import UsageQuery
from shared.usage.ranking import Ranking, placed, rank
from shared.usage.rolled import cell_labels, cell_stats
from shared.usage.source import AskedTable, cells_of_values, cells_source, runs_source, with_edges
from shared.usage.stats import Key, Labels, extras_of, grouped_stats, total_stats

# A series has an entry a label and a point, and a reader only so much patience.
MAX_LABELS = 100
_COLUMNS = ("ts", *DIMENSIONS, *MEASURED, "conditions")


class Figures(Protocol):
    """Statistics of one question's runs, from a table of runs or of cells."""

    source: AskedTable
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
        with runs_source(snapshot, query, plan, _COLUMNS) as source:
            yield plan, _FromRows(source, edges, labels)
    else:
        with cells_source(snapshot, query, plan, keys, edges) as source:
            yield plan, _FromCells(source, labels, snapshot, query)


class _FromRows:
    def __init__(self, source: AskedTable, edges: Sequence[int], labels: Sequence[str]) -> None:
        self.source, self._ask = source, source.ask
        self._extras = extras_of(self._ask, source.table)
        counts = {label: values["n"] for label, values in self._extras.items()}
        self.labels = Labels.of(counts, labels, MAX_LABELS)
        self._bucketed = with_edges(source.table, "ts", edges)

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        if not keys:
            return {(): self.totals(())[0]}
        columns = list(map(dimension_sql, keys))
        return grouped_stats(self._ask, columns, self._bucketed, self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self._ask, self._bucketed, keys, most)

    def rank(self, keys: Sequence[str], most: int) -> Ranking:
        connection = self.source.connection
        ranking = rank(connection, self.source.table, "count(*)", keys, most)
        # From now on another table is asked, too.
        self._bucketed, self._ask = placed(self._bucketed, keys, ranking), asking(connection)
        return ranking

    def totals(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
        extra = {label: self._extras[label] for label in self.labels.shown}
        columns = map(_values_of, names)
        stats, counts = total_stats(self.source.ask, self.source.table, columns, extra)
        return stats, dict(zip(names, counts, strict=True))


class _FromCells:
    def __init__(
        self, source: AskedTable, labels: Sequence[str], snapshot: Snapshot, query: UsageQuery
    ) -> None:
        self.source, self._ask, self._cells = source, source.ask, source.table
        self.snapshot, self.query = snapshot, query
        self.labels = cell_labels(self._ask, source.table, labels, MAX_LABELS)
        # The cells that count runs, not values of a metric.
        self._counted = f"(FROM {source.table} WHERE metric IS NULL)"

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        if not keys:
            return cell_stats(self.source.ask, self.source.table, [], self.labels.shown)
        return cell_stats(self._ask, self._cells, list(keys), self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self._ask, self._counted, keys, most)

    def rank(self, keys: Sequence[str], most: int) -> Ranking:
        connection, table = self.source.connection, self.source.table
        ranking = rank(connection, self._counted, "sum(n)", keys, most)
        # From now on another table is asked, too.
        self._cells, self._ask = placed(table, keys, ranking), asking(connection)
        return ranking

    def totals(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
        # These cells need not keep the values apart.
        return self.stats(())[()], {name: self._distinct(name) for name in names}

    def _distinct(self, name: str) -> int:
        plan = plan_reading(self.snapshot, self.query, [name], exact=False)
        with cells_of_values(self.snapshot, self.query, plan, name) as source:
            return _one(source.ask, f"SELECT {_values_of(name)} FROM {source.table}")


def _values_of(name: str) -> str:
    return f"count(DISTINCT {name})"


def _groups(ask: Ask, table: str, keys: Sequence[str], most: int) -> int:
    if not keys:
        return 1
    columns = ", ".join(map(dimension_sql, keys))
    distinct = f"SELECT DISTINCT {columns} FROM {table} LIMIT {most + 1}"
    return _one(ask, f"SELECT count(*) FROM ({distinct})")


def _one(ask: Ask, sql: str) -> int:
    ((found,),) = ask(sql, ())
    return int(found)
