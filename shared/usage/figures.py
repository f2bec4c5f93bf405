"""The figures of a question, from rows or from rollups, whichever the plan says.

Percentiles from rows interpolate linearly (NumPy's default). From rollups they do the same
between the values that stand for buckets, so each is within 1 % of the true one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import duckdb

from shared.observability import logger
from shared.storage import Snapshot
from shared.usage.planning import Plan, plan_reading
from shared.usage.question import Question
from shared.usage.rolled import cell_labels, cell_stats
from shared.usage.source import cells_table, runs_table, with_edges
from shared.usage.stats import Key, Labels, grouped_stats, run_labels

# A series has an entry a label and a point, and a reader only so much patience.
MAX_LABELS = 50


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


@contextmanager
def figures_of(
    snapshot: Snapshot,
    question: Question,
    keys: Sequence[str] = (),
    edges: Sequence[int] = (),
    *,
    exact: bool | None = None,
    labels: Sequence[str] = (),
) -> Iterator[tuple[Plan, Figures]]:
    """The plan for a question by these dimensions and buckets, and the figures it gives.

    `labels` names the extras that are wanted; without, those that most runs have.
    """
    plan = plan_reading(snapshot, question, keys, edges, exact=exact)
    logger().info(
        "usage_planned",
        source="rows" if plan.exact else "rollups",
        runs=plan.runs,
        parts=len(plan.rows),
        rollups=len(plan.cells),
    )
    if plan.exact:
        with runs_table(snapshot, question, plan) as connection:
            yield plan, _FromRows(connection, edges, labels)
    else:
        with cells_table(snapshot, question, plan, keys, edges) as connection:
            yield plan, _FromCells(connection, labels)


def distinct_of(
    snapshot: Snapshot, question: Question, names: Sequence[str], *, exact: bool | None = None
) -> dict[str, int]:
    """How many values of each of these dimensions the question's runs have, null not counted."""
    plans = {name: plan_reading(snapshot, question, [name], exact=exact) for name in names}
    found = {}
    for name, plan in plans.items():
        table = runs_table if plan.exact else partial(cells_table, keys=[name], counts_only=True)
        with table(snapshot, question, plan=plan) as connection:
            found[name] = _one(
                connection,
                f"SELECT count(DISTINCT {name}) FROM {'runs' if plan.exact else 'cells'}",
            )
    return found


class _FromRows:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, edges: Sequence[int], labels: Sequence[str]
    ) -> None:
        self.connection = connection
        self.labels = run_labels(connection, labels, MAX_LABELS)
        connection.execute(
            f"CREATE TEMP VIEW bucketed AS SELECT * FROM {with_edges('runs', 'ts', edges)}"
        )

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        return grouped_stats(self.connection, list(keys), "bucketed", self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self.connection, "bucketed", keys, most)


class _FromCells:
    def __init__(self, connection: duckdb.DuckDBPyConnection, labels: Sequence[str]) -> None:
        self.connection = connection
        self.labels = cell_labels(connection, labels, MAX_LABELS)

    def stats(self, keys: Sequence[str]) -> dict[Key, dict[str, Any]]:
        return cell_stats(self.connection, list(keys), self.labels.shown)

    def groups(self, keys: Sequence[str], most: int) -> int:
        return _groups(self.connection, "(FROM cells WHERE metric IS NULL)", keys, most)


def _groups(
    connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], most: int
) -> int:
    if not keys:
        return 1
    distinct = f"SELECT DISTINCT {', '.join(keys)} FROM {table} LIMIT {most + 1}"
    return _one(connection, f"SELECT count(*) FROM ({distinct})")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((found,),) = connection.execute(sql).fetchall()
    return int(found)
