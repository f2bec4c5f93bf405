"""Under which conditions two sides ran: what differs apart from what was to be compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb

from shared.runs import DIMENSIONS
from shared.storage.log import Snapshot
from shared.usage.planning import plan_reading
from shared.usage.query import UsageQuery
from shared.usage.source import cells_table, runs_table

MAX_VALUES = 50
# A mean length of prompts or answers that differs by this share of the greater one is named.
NOTABLE_SHARE = 0.1
_LENGTHS = ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class Values:
    """The distinct values of one dimension: how many, a digest of all, the first ones in order."""

    count: int
    digest: int
    first: tuple[str | None, ...]


def values_of(
    connection: duckdb.DuckDBPyConnection, table: str, names: Iterable[str] = DIMENSIONS
) -> dict[str, Values]:
    """The distinct values of some dimensions in a table of runs or cells; null is a value."""
    return {name: _values(connection, table, name) for name in names}


def rolled_values(snapshot: Snapshot, query: UsageQuery) -> dict[str, Values]:
    """The same of a question's runs, from rollups where they go."""
    found: dict[str, Values] = {}
    for name in DIMENSIONS:
        plan = plan_reading(snapshot, query, [name], exact=False)
        table = runs_table if plan.exact else partial(cells_table, keys=[name], counts_only=True)
        with table(snapshot, query, plan=plan) as connection:
            found |= values_of(connection, "runs" if plan.exact else "cells", [name])
    return found


def differing(
    a: dict[str, Any], values_a: dict[str, Values], b: dict[str, Any], values_b: dict[str, Values]
) -> list[dict[str, Any]]:
    """The dimensions whose values differ, and mean lengths that do; none where a side is empty."""
    if not a["runs"] or not b["runs"]:
        return []
    pairs = {name: (values_a[name], values_b[name]) for name in DIMENSIONS}
    found = [_entry(name, *pair) for name, pair in pairs.items() if not _same(*pair)]
    return found + [_lengths(name, a, b) for name in _LENGTHS if _far_apart(name, a, b)]


def _values(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Values:
    # A digest and the least values are enough, so that a million labels need no memory.
    sql = (
        "SELECT count(*), coalesce(bit_xor(hash(value)), 0), "
        f"coalesce(min(value, {MAX_VALUES}), []), count(*) > count(value) "
        f"FROM (SELECT DISTINCT {name} AS value FROM {table})"
    )
    count, digest, first, has_null = connection.execute(sql).fetchall()[0]
    listed = [*first, None] if has_null else first
    return Values(count, digest, tuple(listed[:MAX_VALUES]))


def _same(a: Values, b: Values) -> bool:
    return (a.count, a.digest) == (b.count, b.digest)


def _entry(name: str, a: Values, b: Values) -> dict[str, Any]:
    entry: dict[str, Any] = {"field": name, "a": list(a.first), "b": list(b.first)}
    if max(a.count, b.count) > MAX_VALUES:
        entry |= {"a_count": a.count, "b_count": b.count}
    return entry


def _mean_length(name: str, stats: dict[str, Any]) -> float:
    return float(stats[name] / stats["runs"])


def _far_apart(name: str, a: dict[str, Any], b: dict[str, Any]) -> bool:
    lengths = _mean_length(name, a), _mean_length(name, b)
    return abs(lengths[0] - lengths[1]) > NOTABLE_SHARE * max(lengths)


def _lengths(name: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    field = f"mean_{name}"
    return {"field": field, "a": [_mean_length(name, a)], "b": [_mean_length(name, b)]}
