"""Under which conditions two sides ran: what differs apart from what was to be compared."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from shared.runs import DIMENSIONS, PREFIX, condition_of, condition_value
from shared.storage.log import Snapshot
from shared.usage.held import Ask, asking
from shared.usage.planning import QueryPlan, plan_reading
from shared.usage.query import UsageQuery
from shared.usage.source import cells_of_values, runs_table

MAX_VALUES = 50
MAX_CONDITION_NAMES = 100
# A mean length of prompts or answers that differs by this share of the greater one is named.
NOTABLE_SHARE = 0.1
_LENGTHS = ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class Values:
    """The distinct values of one dimension: how many, a digest of all, the first ones in order.

    Those of conditions are as they are kept; null, where a run has none, is a value, too.
    """

    count: int
    digest: int
    first: tuple[str | None, ...]


_NEVER = Values(1, 1, (None,))
_NOTHING = Values(0, 0, ())


def values_of_runs(
    ask: Ask, table: str, snapshot: Snapshot, plan: QueryPlan, total: int
) -> dict[str, Values]:
    """The distinct values of dimensions and conditions of a table with all `total` runs of a plan.
    Conditions are looked for only where any run may have some.
    """
    folded = any(rows.part.conditions for rows in plan.rows)
    found = _values_of(ask, table, DIMENSIONS)
    if folded or any(run.conditions for run in snapshot.pending_runs()):
        found |= _condition_values_of(ask, table, total)
    return found


def _values_of(ask: Ask, table: str, names: Sequence[str]) -> dict[str, Values]:
    """The distinct values of some dimensions in a table of runs or cells, which is read once."""
    columns, sets = ", ".join(names), ", ".join(f"({name})" for name in names)
    values = (
        f"SELECT GROUPING({columns}) AS absent, coalesce({columns}) AS value FROM {table} "
        f"GROUP BY GROUPING SETS ({sets})"
    )
    # A digest and the least values are enough, so that a million labels need no memory.
    rows = ask(
        "SELECT absent, count(*), coalesce(bit_xor(hash(value)), 0), "
        f"coalesce(min(value, {MAX_VALUES}), []), count(*) > count(value) "
        f"FROM ({values}) GROUP BY absent",
        (),
    )
    found = {absent: _listed(*rest) for absent, *rest in rows}
    # Every other dimension is absent from the group of one; the last has the least bit.
    every = (1 << len(names)) - 1
    return {
        name: found.get(every - (1 << place), _NOTHING)
        for place, name in enumerate(reversed(names))
    }


def _listed(count: int, digest: int, first: list[str], has_null: bool) -> Values:
    listed = [*first, None] if has_null else first
    return Values(count, digest, tuple(listed[:MAX_VALUES]))


def _condition_values_of(ask: Ask, table: str, total: int) -> dict[str, Values]:
    """The distinct values of each condition of a table of runs, of a question with `total` runs.

    A run that is not in the table has no conditions.
    """
    entries = f"SELECT unnest(map_entries(conditions)) AS entry FROM {table}"
    valued = (
        "SELECT entry.key AS name, entry.value AS value, count(*) AS runs "
        f"FROM ({entries}) GROUP BY ALL"
    )
    sql = (
        f"SELECT name, count(*), bit_xor(hash(value)), min(value, {MAX_VALUES}), sum(runs) < ? "
        f"FROM ({valued}) GROUP BY name ORDER BY sum(runs) DESC, name LIMIT {MAX_CONDITION_NAMES}"
    )
    return {PREFIX + name: _with_null(*rest) for name, *rest in ask(sql, [total])}


def _with_null(count: int, digest: int, first: list[str], has_null: bool) -> Values:
    if not has_null:
        return Values(count, digest, tuple(first))
    return Values(count + 1, digest ^ _NEVER.digest, (*first, None)[:MAX_VALUES])


def rolled_values(snapshot: Snapshot, query: UsageQuery, total: int) -> dict[str, Values]:
    """The same of a question's runs, `total` of them, from rollups where they go.

    They know no conditions: those come from the parts that have any.
    """
    found: dict[str, Values] = {}
    for name in DIMENSIONS:
        plan = plan_reading(snapshot, query, [name], exact=False)
        with _table(snapshot, query, plan, name) as (ask, table):
            found |= _values_of(ask, table, [name])
    plan = plan_reading(snapshot, query, exact=True)
    plan = replace(plan, rows=tuple(rows for rows in plan.rows if rows.part.conditions))
    with runs_table(snapshot, query, plan, ("conditions",)) as connection:
        return found | _condition_values_of(asking(connection), "runs", total)


@contextmanager
def _table(
    snapshot: Snapshot, query: UsageQuery, plan: QueryPlan, name: str
) -> Iterator[tuple[Ask, str]]:
    """A table with the values of a dimension, and how to ask about it."""
    if not plan.exact:
        with cells_of_values(snapshot, query, plan, name) as source:
            yield source.ask, source.table
        return
    with runs_table(snapshot, query, plan) as connection:
        yield asking(connection), "runs"


def differing(
    a: dict[str, Any], values_a: dict[str, Values], b: dict[str, Any], values_b: dict[str, Values]
) -> list[dict[str, Any]]:
    """The dimensions whose values differ, and mean lengths that do; none where a side is empty."""
    if not a["runs"] or not b["runs"]:
        return []
    names = (*DIMENSIONS, *sorted({*values_a, *values_b} - {*DIMENSIONS}))
    pairs = {name: (values_a.get(name, _NEVER), values_b.get(name, _NEVER)) for name in names}
    found = [_entry(name, *pair) for name, pair in pairs.items() if not _same(*pair)]
    return found + [_lengths(name, a, b) for name in _LENGTHS if _far_apart(name, a, b)]


def _same(a: Values, b: Values) -> bool:
    return (a.count, a.digest) == (b.count, b.digest)


def _entry(name: str, a: Values, b: Values) -> dict[str, Any]:
    entry: dict[str, Any] = {"field": name, "a": _shown(name, a), "b": _shown(name, b)}
    if max(a.count, b.count) > MAX_VALUES:
        entry |= {"a_count": a.count, "b_count": b.count}
    return entry


def _shown(name: str, values: Values) -> list[Any]:
    if condition_of(name) is None:
        return list(values.first)
    return [None if kept is None else condition_value(kept) for kept in values.first]


def _mean_length(name: str, stats: dict[str, Any]) -> float:
    return float(stats[name] / stats["runs"])


def _far_apart(name: str, a: dict[str, Any], b: dict[str, Any]) -> bool:
    lengths = _mean_length(name, a), _mean_length(name, b)
    return abs(lengths[0] - lengths[1]) > NOTABLE_SHARE * max(lengths)


def _lengths(name: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    field = f"mean_{name}"
    return {"field": field, "a": [_mean_length(name, a)], "b": [_mean_length(name, b)]}
