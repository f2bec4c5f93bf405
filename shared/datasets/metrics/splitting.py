"""A series by device or by model: the labels with most rows, each with its own points."""

from collections import defaultdict
from typing import NamedTuple

import duckdb

from shared import clock
from shared.datasets.metrics.query import SeriesGroup

# As many as an eye keeps apart; where there are more labels, the last is all others.
MOST_GROUPS = 8

Counted = list[tuple[str | None, int]]


class Split(NamedTuple):
    """By which column rows come apart, and into which labels; all others are one more group."""

    column: str
    labels: tuple[str | None, ...]
    has_others: bool

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.labels) + self.has_others

    @property
    def place(self) -> str:
        """SQL: the number of a row's group."""
        known = " ".join(f"WHEN ${number + 1} THEN {number}" for number in range(len(self.labels)))
        if None not in self.labels:
            return f"CASE {self.column} {known} ELSE {len(self.labels)} END"
        empty = self.labels.index(None)
        return (
            f"CASE WHEN {self.column} IS NULL THEN {empty} "
            f"ELSE CASE {self.column} {known} ELSE {len(self.labels)} END END"
        )


def split_by(column: str, counted: Counted) -> Split:
    """Into the labels of most rows, of those that were counted, most first."""
    has_others = len(counted) > MOST_GROUPS
    named = counted[: MOST_GROUPS - 1] if has_others else counted
    return Split(column, tuple(label for label, _ in named), has_others)


def grouped_points(
    connection: duckdb.DuckDBPyConnection, column: str, split: Split, most: int
) -> list[SeriesGroup]:
    """The points of each group that has any, together about `most`, in order of time.

    Where a group has more, its values are cut into equally long stretches, of which each gives
    its lowest and its highest; its first and its last are there too.
    """
    room = max(most // max(split.groups, 1), 4)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE parted AS "
        "SELECT *, row_number() OVER (PARTITION BY part ORDER BY us, source, line) AS place, "
        "count(*) OVER (PARTITION BY part) AS n "
        f"FROM (SELECT {split.place} AS part, us, source, line, {column} AS v FROM rows "
        f"WHERE {column} IS NOT NULL AND us IS NOT NULL)",
        list(split.labels),
    )
    found: dict[tuple[int, int], list[tuple[str, float]]] = defaultdict(list)
    for part, n, us, value in connection.execute(_kept(room)).fetchall():
        found[part, n].append((clock.iso(us), value))
    return [_group(split, part, n, points, room) for (part, n), points in sorted(found.items())]


def _kept(room: int) -> str:
    """SQL: the points that are kept of each group, in order."""
    stretches = (room - 2) // 2
    return (
        "WITH kept AS ("
        "SELECT part, unnest([arg_min(place, v), arg_max(place, v)]) AS place FROM parted "
        f"GROUP BY part, (place - 1) * {stretches} // n "
        "UNION SELECT part, unnest([1, max(n)]) FROM parted GROUP BY part) "
        "SELECT part, n, us, v FROM parted "
        f"WHERE n <= {room} OR (part, place) IN (SELECT (part, place) FROM kept) "
        "ORDER BY part, place"
    )


def _group(
    split: Split, part: int, n: int, points: list[tuple[str, float]], room: int
) -> SeriesGroup:
    others = part == len(split.labels)
    return SeriesGroup(
        key=None if others else split.labels[part],
        others=others,
        n=n,
        points=points,
        downsampled=n > room,
    )
