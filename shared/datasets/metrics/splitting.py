"""A series by device or by model: the labels with most rows, each with its own points."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.datasets.metrics.points import Shown
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
    def place(self) -> str:
        """SQL: the number of a row's group; its parameters are the labels."""
        known = " ".join(f"WHEN ${number + 1} THEN {number}" for number in range(len(self.labels)))
        if None not in self.labels:
            return f"CASE {self.column} {known} ELSE {len(self.labels)} END"
        empty = self.labels.index(None)
        return (
            f"CASE WHEN {self.column} IS NULL THEN {empty} "
            f"ELSE CASE {self.column} {known} ELSE {len(self.labels)} END END"
        )

    def room(self, most: int) -> int:
        """How many points a group may have, if all together have about `most`."""
        return max(most // max(len(self.labels) + self.has_others, 1), 4)

    def groups(self, shown: Mapping[int, Shown]) -> list[SeriesGroup]:
        """The groups of a series, by their numbers."""
        return [self._group(number, found) for number, found in sorted(shown.items())]

    def _group(self, number: int, found: Shown) -> SeriesGroup:
        others = number == len(self.labels)
        return SeriesGroup(
            key=None if others else self.labels[number],
            others=others,
            n=found.n,
            points=found.points,
            downsampled=found.downsampled,
        )


def split_by(column: str, counted: Counted) -> Split:
    """Into the labels of most rows, of those that were counted, most first."""
    has_others = len(counted) > MOST_GROUPS
    named = counted[: MOST_GROUPS - 1] if has_others else counted
    return Split(column, tuple(label for label, _ in named), has_others)
