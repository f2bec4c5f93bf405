"""Counts, means and spreads of groups of runs: all that a gate needs of them."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb
import msgspec

from shared.runs import AMOUNTS, DIMENSIONS, dimension_sql
from shared.storage.log import Snapshot
from shared.usage.conditions import Values, rolled_values, values_of_runs
from shared.usage.figures import figures_of
from shared.usage.groups import MAX_GROUPS, TooManyGroups
from shared.usage.held import asking
from shared.usage.planning import plan_reading
from shared.usage.query import UsageQuery
from shared.usage.source import runs_table
from shared.usage.stats import Key, fetched
from shared.usage.welch import Sample

ERROR_RATE = "error_rate"
_COLUMNS = (
    *DIMENSIONS,
    *AMOUNTS,
    "ok",
    "prompt_tokens",
    "completion_tokens",
    "extra",
    "conditions",
)


class Moment(msgspec.Struct, frozen=True):
    """How many values there are, their mean, and their (population's) standard deviation."""

    n: int
    mean: float
    std: float

    def sample(self) -> Sample:
        """As the tests take it."""
        return Sample.of_population(self.n, self.mean, self.std)


class GroupMoments(msgspec.Struct, frozen=True):
    """One group: its key as runs keep it, its runs, and what was measured of them."""

    key: tuple[str | None, ...]
    runs: int
    metrics: dict[str, Moment]
    extras: dict[str, Moment] = {}


class SideMoments(msgspec.Struct, frozen=True):
    """One side of a gate: its groups by some dimensions, and under which conditions it ran."""

    by: tuple[str, ...]
    runs: int
    prompt_tokens: int
    completion_tokens: int
    groups: tuple[GroupMoments, ...]
    values: dict[str, Values]

    @property
    def lengths(self) -> dict[str, int]:
        """What `differing` asks of a side."""
        return {
            "runs": self.runs,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }


def side_moments(
    snapshot: Snapshot,
    query: UsageQuery,
    by: tuple[str, ...],
    *,
    exact: bool | None = None,
    extras: bool = True,
) -> SideMoments:
    """The moments of a question's runs by some dimensions, from rows (`exact`), from rollups where
    they go, or as the number of runs suggests; without `extras` those are left out, which takes
    half of the time. Raises TooManyGroups.
    """
    plan = plan_reading(snapshot, query, by, exact=exact)
    if not plan.exact:
        return _from_rollups(snapshot, query, by)
    with runs_table(snapshot, query, plan, _COLUMNS) as connection:
        groups, (prompt, completion) = _groups(connection, by, extras=extras)
        runs = sum(group.runs for group in groups)
        values = values_of_runs(asking(connection), "runs", snapshot, plan, runs)
        return SideMoments(by, runs, prompt, completion, groups, values)


def _from_rollups(snapshot: Snapshot, query: UsageQuery, by: tuple[str, ...]) -> SideMoments:
    with figures_of(snapshot, query, by, exact=False) as (_, figures):
        _check(figures.groups(by, MAX_GROUPS))
        total = figures.stats([])[()]
        groups = tuple(_of_stats(key, stats) for key, stats in figures.stats(by).items())
    values = rolled_values(snapshot, query, total["runs"])
    prompt, completion = total["prompt_tokens"], total["completion_tokens"]
    return SideMoments(by, total["runs"], prompt, completion, groups, values)


def _of_stats(key: Key, stats: dict[str, Any]) -> GroupMoments:
    measured = {name: _moment(**stats[name]) for name in AMOUNTS}
    extras = {label: _moment(**values) for label, values in stats["extra"].items()}
    metrics = {name: found for name, found in measured.items() if found}
    metrics |= _failures(stats["runs"], stats["ok"])
    known = {label: found for label, found in extras.items() if found}
    return GroupMoments(key, stats["runs"], metrics, known)


def _moment(n: int, mean: float | None, std: float | None, **_: Any) -> Moment | None:
    """None without values, or with such that no float holds their mean."""
    if mean is None or std is None or not math.isfinite(mean + std):
        return None
    return Moment(n, mean, std)


def _failures(runs: int, ok: int) -> dict[str, Moment]:
    """Each run is 0 or 1."""
    rate = (runs - ok) / runs if runs else 0.0
    return {ERROR_RATE: Moment(runs, rate, math.sqrt(rate * (1 - rate)))} if runs else {}


def _groups(
    connection: duckdb.DuckDBPyConnection, by: Sequence[str], *, extras: bool
) -> tuple[tuple[GroupMoments, ...], tuple[int, int]]:
    """The groups, and the tokens of prompts and of answers of all."""
    keys = list(map(dimension_sql, by))
    rows = fetched(asking(connection), lambda spread: _metrics_sql(keys, spread))
    _check(len(rows))
    known = _extras(connection, keys) if extras else {}
    width = len(keys)
    # Without keys there is one group, also over nothing.
    groups = tuple(
        _of_row(tuple(row[:width]), list(row[width:-2]), known) for row in rows if row[width]
    )
    return groups, (sum(row[-2] for row in rows), sum(row[-1] for row in rows))


def _of_row(key: Key, row: list[Any], extras: dict[Key, dict[str, Moment]]) -> GroupMoments:
    runs, ok, *values = row
    moments = {
        name: _moment(*values[place * 3 : place * 3 + 3]) for place, name in enumerate(AMOUNTS)
    }
    metrics = {name: found for name, found in moments.items() if found}
    return GroupMoments(key, runs, metrics | _failures(runs, ok), extras.get(key, {}))


def _metrics_sql(keys: list[str], spread: str) -> str:
    columns = [*keys, "count(*)", "count(*) FILTER (WHERE ok)"]
    for name in AMOUNTS:
        columns += _moments_sql(name, spread, "FILTER (WHERE ok)")
    columns += [
        f"coalesce(sum({name}), 0)::BIGINT" for name in ("prompt_tokens", "completion_tokens")
    ]
    return f"SELECT {', '.join(columns)} FROM runs{_grouped(len(keys))}"


def _extras(connection: duckdb.DuckDBPyConnection, keys: list[str]) -> dict[Key, dict[str, Moment]]:
    names = [f"k{number}" for number in range(len(keys))]
    inner = [f"{key} AS {name}" for key, name in zip(keys, names, strict=True)]
    inner.append("unnest(map_entries(extra)) AS entry")

    def sql(spread: str) -> str:
        columns = [*names, "entry.key", *_moments_sql("entry.value", spread)]
        source = f"(SELECT {', '.join(inner)} FROM runs)"
        return f"SELECT {', '.join(columns)} FROM {source}{_grouped(len(names) + 1)}"

    found: dict[Key, dict[str, Moment]] = defaultdict(dict)
    for *key, label, n, mean, std in fetched(asking(connection), sql):
        if moment := _moment(n, mean, std):
            found[tuple(key)][label] = moment
    return found


def _moments_sql(value: str, spread: str, condition: str = "") -> list[str]:
    spread = spread.format(value=value, condition=condition)
    return [f"count({value}) {condition}", f"avg({value}) {condition}", spread]


def _grouped(width: int) -> str:
    places = ", ".join(str(place + 1) for place in range(width))
    return f" GROUP BY {places} ORDER BY {places}" if width else ""


def _check(groups: int) -> None:
    if groups > MAX_GROUPS:
        raise TooManyGroups(
            f"this gives more than {MAX_GROUPS} groups; filter, or take fewer dimensions in by"
        )
