"""The groups of an answer: all of them, or those with the most runs and all others together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.clock import iso
from shared.errors import MalformedInput
from shared.runs import condition_of, condition_value
from shared.usage.figures import Figures
from shared.usage.ranking import PLACE, Ranking
from shared.usage.stats import Key, empty_stats

# An answer of Lambda has at most 6 MB; a group's stats take about 1 KB.
MAX_GROUPS = 1_000
_FEWER_GROUPS = "filter by some of the values, or group by fewer dimensions"
_FEWER_POINTS = "filter by some of the values, group by fewer dimensions, or ask for a smaller top"


class TooManyGroups(MalformedInput):
    """The grouping gives more groups than an answer can hold."""

    code = "too_many_groups"


@dataclass(frozen=True)
class Groups:
    """The groups of an answer by some dimensions, and how many there are; by place if ranked."""

    names: tuple[str, ...]
    size: int
    ranking: Ranking | None = None

    @classmethod
    def of(cls, figures: Figures, names: tuple[str, ...], top: int | None) -> "Groups":
        """All groups by these dimensions, or the `top` ones and all others as one.

        Raises TooManyGroups rather than cut short: totals must reconcile.
        """
        if top is None or not names:
            size = figures.groups(names, MAX_GROUPS)
            check_size(
                size, MAX_GROUPS, f"groups; {_FEWER_GROUPS}, or ask for the greatest with top="
            )
            return cls(names, size)
        ranking = figures.rank(names, top)
        return cls(names, len(ranking.keys) + bool(ranking.others), ranking)

    @property
    def advice(self) -> str:
        """What to do where there are too many."""
        return _FEWER_GROUPS if self.ranking is None else _FEWER_POINTS

    def breakdown(self, figures: Figures, total: dict[str, Any]) -> list[dict[str, Any]]:
        """An entry a group; they add up to the total, also where everything is one group."""
        found = figures.stats(self._columns) if self.names else {(): total}
        return [self._shown(key) | stats for key, stats in found.items()]

    def series(self, figures: Figures, edges: Sequence[int]) -> list[dict[str, Any]]:
        """Every bucket of every group that has runs in the window, empty ones with `runs: 0`."""
        if not edges:
            return []
        found = figures.stats(["edge", *self._columns])
        return [
            {"t": iso(edge)} | self._shown(group) | (found.get((edge, *group)) or empty_stats())
            for group in self._groups(found)
            for edge in edges
        ]

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.names if self.ranking is None else (PLACE,)

    def _groups(self, found: dict[Key, dict[str, Any]]) -> list[Key]:
        if self.ranking is not None:
            return [(place,) for place in range(self.size)]
        return sorted({key[1:] for key in found} | ({()} if not self.names else set()), key=repr)

    def _shown(self, key: Key) -> dict[str, Any]:
        if self.ranking is None:
            return {"key": key_document(self.names, key)}
        if key[0] == len(self.ranking.keys):
            return {"key": {}, "others": True, "groups": self.ranking.others}
        return {"key": key_document(self.names, self.ranking.keys[key[0]])}


def check_size(found: int, most: int, what: str) -> None:
    """Refuse rather than cut short: totals must reconcile. Raises TooManyGroups."""
    if found > most:
        raise TooManyGroups(f"this grouping gives more than {most} {what}")


def key_document(names: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
    """A group's key as the API shows it."""
    return {name: _value(name, value) for name, value in zip(names, key, strict=True)}


def _value(name: str, value: Any) -> Any:
    is_kept = value is not None and condition_of(name) is not None
    return condition_value(value) if is_kept else value
