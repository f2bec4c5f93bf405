"""Where the series of a question shifted, and what changed with them."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import mul
from typing import Any

import duckdb

from shared import clock
from shared.aws import Bucket
from shared.runs import DIMENSIONS, PREFIX, condition_of, condition_value, dimension_sql
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.definitions import definition
from shared.usage.groups import key_document
from shared.usage.planning import plan_reading
from shared.usage.query import UsageQuery
from shared.usage.series import TimeSeries, read_series
from shared.usage.shifts import LEAST_RUNS, Points, Shift, shifts_of
from shared.usage.source import runs_table
from shared.usage.verdicts import percent

# Of an answer about series that did not change, one in so many may name a change; what is asked
# for is one in 20, and noise is not always normal.
FALSE_ALARMS = 0.03
MAX_CHANGES = 200
_MAX_VALUES = 10


@dataclass(frozen=True)
class _Change:
    """A shift of a series, between the shifts before and after it."""

    series: TimeSeries
    shift: Shift
    start: int
    end: int

    @property
    def spans(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The times of the points before and after, half-open."""
        times = [*self.series.times, self.series.times[-1] + 1]
        return (
            (times[self.start], times[self.shift.place]),
            (times[self.shift.place], times[self.end]),
        )


def find_changes(
    bucket: Bucket, catalog: Catalog, query: UsageQuery, group_by: tuple[str, ...], metric: str
) -> list[dict[str, Any]]:
    """The changes of a metric in each group, the newest first. Raises TooManyGroups."""

    def read(snapshot: Snapshot) -> list[dict[str, Any]]:
        plan = plan_reading(snapshot, query, exact=True)
        columns = ("ts", "ok", metric, "conditions", *DIMENSIONS)
        with runs_table(snapshot, query, plan, columns) as connection:
            found = _changes(read_series(connection, group_by, metric, plan.runs))
            changed = _what_changed(connection, group_by, found)
        documents = [
            _document(group_by, metric, one, fields)
            for one, fields in zip(found, changed, strict=True)
        ]
        return sorted(documents, key=lambda each: str(each["at"]), reverse=True)

    return read_snapshot(UserLog(bucket, catalog, query.user_id), read)


def _changes(series: Iterable[TimeSeries]) -> list[_Change]:
    """All changes; every series that is long enough counts among those that were looked at."""
    long = [one for one in series if len(one.times) >= 2 * LEAST_RUNS]
    found = []
    for one in long:
        shifts = shifts_of(one.points, FALSE_ALARMS / len(long))
        edges = [0, *(shift.place for shift in shifts), len(one.times)]
        found += [
            _Change(one, shift, start, end)
            for shift, start, end in zip(shifts, edges, edges[2:], strict=False)
        ]
    newest = sorted(found, key=lambda change: change.spans[1][0], reverse=True)
    return newest[:MAX_CHANGES]


def _document(
    group_by: tuple[str, ...], metric: str, change: _Change, fields: list[dict[str, Any]]
) -> dict[str, Any]:
    place = change.shift.place
    left = _side(change.series.points, change.start, place)
    right = _side(change.series.points, place, change.end)
    delta = right["mean"] - left["mean"]
    better = definition(metric).better
    return {
        "at": clock.iso(change.series.times[place]),
        "key": key_document(group_by, change.series.key),
        "metric": metric,
        "before": left,
        "after": right,
        "delta_pct": percent(delta, left["mean"]),
        "p_value": change.shift.p_value,
        "verdict": "improved" if (delta > 0) == (better == "higher") else "regressed",
        "conditions_changed": fields,
    }


def _side(points: Points, first: int, last: int) -> dict[str, Any]:
    values, runs = points.values[first:last], points.runs[first:last]
    n = sum(runs)
    # Shares, because no float may hold the sum.
    return {"n": n, "mean": math.fsum(map(mul, values, [each / n for each in runs]))}


def _what_changed(
    connection: duckdb.DuckDBPyConnection, group_by: tuple[str, ...], changes: list[_Change]
) -> list[list[dict[str, Any]]]:
    """For each change the dimensions and conditions that have other values after it."""
    if not changes:
        return []
    _put_spans(connection, group_by, changes)
    found: list[dict[str, tuple[list[Any], list[Any]]]] = [
        defaultdict(lambda: ([], [])) for _ in changes
    ]
    for number, side, name, value in connection.execute(_values_sql(group_by)).fetchall():
        found[number][name][side].append(value)
    return [_differing(sides) for sides in found]


def _put_spans(
    connection: duckdb.DuckDBPyConnection, group_by: tuple[str, ...], changes: list[_Change]
) -> None:
    keys = "".join(f", k{number} VARCHAR" for number in range(len(group_by)))
    connection.execute(
        "CREATE TEMP TABLE spans "
        f"(number INTEGER, side INTEGER, from_us BIGINT, to_us BIGINT{keys})"
    )
    rows = [
        [number, side, *span, *change.series.key]
        for number, change in enumerate(changes)
        for side, span in enumerate(change.spans)
    ]
    places = ", ".join("?" * (4 + len(group_by)))
    connection.executemany(f"INSERT INTO spans VALUES ({places})", rows)


def _values_sql(group_by: tuple[str, ...]) -> str:
    """The distinct values of each dimension and condition on each side, those nearest to the change
    first; a run without a condition has null.

    Few runs differ in their dimensions, so those are made few before each is looked at.
    """
    same = "".join(
        f" AND {dimension_sql(name)} IS NOT DISTINCT FROM k{number}"
        for number, name in enumerate(group_by)
    )
    names = [name for name in DIMENSIONS if name not in group_by]
    dimensions = ", ".join(f"{{'name': '{name}', 'value': {name}}}" for name in names)
    conditions = (
        f"[{{'name': '{PREFIX}' || entry.key, 'value': entry.value}} "
        "FOR entry IN map_entries(conditions)]"
    )
    near = "CASE side WHEN 0 THEN -epoch_us(ts) ELSE epoch_us(ts) END AS near"
    around = (
        f"SELECT number, side, {near}, {', '.join([*names, 'conditions'])} FROM runs "
        f"JOIN spans ON ok AND epoch_us(ts) >= from_us AND epoch_us(ts) < to_us{same}"
    )
    alike = f"SELECT number, side, min(near) AS near, {', '.join(names)} FROM around GROUP BY ALL"
    values = (
        f"SELECT number, side, near, unnest([{dimensions}]) AS one FROM ({alike}) UNION ALL "
        f"SELECT number, side, near, unnest({conditions}) FROM around WHERE conditions IS NOT NULL"
    )
    return (
        f"WITH around AS MATERIALIZED ({around}) SELECT number, side, one.name, one.value "
        f"FROM ({values}) GROUP BY ALL ORDER BY number, side, min(near), one.value"
    )


def _differing(sides: dict[str, tuple[list[Any], list[Any]]]) -> list[dict[str, Any]]:
    """Those that differ; of a name that one side does not know it is null there."""
    return [
        {"field": name, "before": _shown(name, before), "after": _shown(name, after)}
        for name, (before, after) in sorted(sides.items())
        if set(before) != set(after)
    ]


def _shown(name: str, values: list[Any]) -> list[Any]:
    if condition_of(name) is None:
        return values[:_MAX_VALUES] or [None]
    kept = [value if value is None else condition_value(value) for value in values[:_MAX_VALUES]]
    return kept or [None]
