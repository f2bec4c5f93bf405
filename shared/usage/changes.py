"""Where the series of a question shifted, and what changed with them."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from shared import clock
from shared.aws import Bucket
from shared.runs import DIMENSIONS, PREFIX, condition_of, condition_value, dimension_sql
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.definitions import definition
from shared.usage.groups import MAX_GROUPS, TooManyGroups, key_document
from shared.usage.planning import plan_reading
from shared.usage.query import UsageQuery
from shared.usage.shifts import LEAST_RUNS, Point, Shift, shifts_of
from shared.usage.source import runs_table
from shared.usage.stats import Key
from shared.usage.verdicts import percent

MAX_POINTS = 1_000
# Of an answer about series that did not change, one in so many may name a change; what is asked
# for is one in 20, and noise is not always normal.
FALSE_ALARMS = 0.03
MAX_CHANGES = 200
_MAX_VALUES = 10
# Newer points are runs of their own.
_SINGLE = MAX_POINTS // 2


@dataclass(frozen=True)
class _Series:
    key: Key
    points: list[Point]
    # When each point begins, in µs since the epoch.
    times: list[int]


@dataclass(frozen=True)
class _Change:
    """A shift of a series, between the shifts before and after it."""

    series: _Series
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
            found = _changes(_series(connection, group_by, metric))
            changed = _what_changed(connection, group_by, found)
        documents = [
            _document(group_by, metric, one, fields)
            for one, fields in zip(found, changed, strict=True)
        ]
        return sorted(documents, key=lambda each: str(each["at"]), reverse=True)

    return read_snapshot(UserLog(bucket, catalog, query.user_id), read)


def _series(
    connection: duckdb.DuckDBPyConnection, group_by: Sequence[str], metric: str
) -> list[_Series]:
    """The points of each group in order of time: the newest runs each by itself, means of equal
    numbers of older ones.
    """
    keys = list(map(dimension_sql, group_by))
    measured = f"FROM runs WHERE ok AND {metric} IS NOT NULL"
    number, groups = _numbered(connection, keys, measured)
    if len(groups) > MAX_GROUPS:
        raise TooManyGroups(f"this grouping gives more than {MAX_GROUPS} groups; filter")
    found = {group: _Series(key, [], []) for group, key in groups.items()}
    runs = f"SELECT {number} AS series, ts, {metric} AS value {measured}"
    for group, _, at_us, mean, size in connection.execute(_points_sql(runs)).fetchall():
        if math.isfinite(mean):
            found[group].points.append(Point(mean, size))
            found[group].times.append(at_us)
    return list(found.values())


def _numbered(
    connection: duckdb.DuckDBPyConnection, keys: Sequence[str], measured: str, salt: int = 0
) -> tuple[str, dict[int, Key]]:
    """SQL for a number that stands for a row's group, since DuckDB sorts by numbers in a third of
    the time that texts take; and the groups by their numbers, at most one more than there may be.
    """
    number = f"hash({', '.join([*keys, str(salt)])})"
    columns = ", ".join([*keys, number])
    sql = f"SELECT DISTINCT {columns} {measured} ORDER BY ALL LIMIT {MAX_GROUPS + 1}"
    rows = connection.execute(sql).fetchall()
    found = {group: tuple(key) for *key, group in rows}
    if len(found) < len(rows):
        # Two groups with one number, which hardly ever happens, would be one series.
        return _numbered(connection, keys, measured, salt + 1)
    return number, found


def _points_sql(runs: str) -> str:
    older = MAX_POINTS - _SINGLE
    # Counted from the newest, so that the older points do not move with each new run.
    size = f"ceil(greatest(n - {_SINGLE}, 1) / {older})"
    place = (
        f"CASE WHEN n <= {MAX_POINTS} OR back < {_SINGLE} THEN back "
        f"ELSE {_SINGLE} + floor((back - {_SINGLE}) / {size})::BIGINT END"
    )
    numbered = (
        "SELECT *, row_number() OVER (PARTITION BY series ORDER BY ts DESC) - 1 AS back, "
        f"count(*) OVER (PARTITION BY series) AS n FROM ({runs})"
    )
    return (
        f"SELECT series, {place} AS place, epoch_us(min(ts)), avg(value), count(*) "
        f"FROM ({numbered}) GROUP BY series, place ORDER BY series, place DESC"
    )


def _changes(series: Iterable[_Series]) -> list[_Change]:
    """All changes; every series that is long enough counts among those that were looked at."""
    long = [one for one in series if len(one.points) >= 2 * LEAST_RUNS]
    found = []
    for one in long:
        shifts = shifts_of(one.points, FALSE_ALARMS / len(long))
        edges = [0, *(shift.place for shift in shifts), len(one.points)]
        found += [
            _Change(one, shift, start, end)
            for shift, start, end in zip(shifts, edges, edges[2:], strict=False)
        ]
    newest = sorted(found, key=lambda change: change.spans[1][0], reverse=True)
    return newest[:MAX_CHANGES]


def _document(
    group_by: tuple[str, ...], metric: str, change: _Change, fields: list[dict[str, Any]]
) -> dict[str, Any]:
    points, place = change.series.points, change.shift.place
    before, after = points[change.start : place], points[place : change.end]
    left, right = _side(before), _side(after)
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


def _side(points: Sequence[Point]) -> dict[str, Any]:
    runs = sum(point.runs for point in points)
    return {"n": runs, "mean": math.fsum(point.value * point.runs for point in points) / runs}


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
    """
    same = "".join(
        f" AND {dimension_sql(name)} IS NOT DISTINCT FROM k{number}"
        for number, name in enumerate(group_by)
    )
    dimensions = ", ".join(
        f"{{'name': '{name}', 'value': {name}}}" for name in DIMENSIONS if name not in group_by
    )
    conditions = (
        f"[{{'name': '{PREFIX}' || entry.key, 'value': entry.value}} "
        "FOR entry IN map_entries(coalesce(conditions, MAP {}))]"
    )
    inside = (
        f"SELECT number, side, ts, unnest(list_concat([{dimensions}], {conditions})) AS one "
        "FROM runs JOIN spans ON ok AND epoch_us(ts) >= from_us AND epoch_us(ts) < to_us" + same
    )
    near = "min(CASE side WHEN 0 THEN -epoch_us(ts) ELSE epoch_us(ts) END)"
    return (
        f"SELECT number, side, one.name, one.value FROM ({inside}) "
        f"GROUP BY number, side, one.name, one.value ORDER BY number, side, {near}, one.value"
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
