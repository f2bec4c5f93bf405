"""Answers about usage, each from one consistent snapshot."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.aws import Bucket
from shared.clock import DAY_US
from shared.runs import run_of_row, run_select_list
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.buckets import bucket_edges, is_partial
from shared.usage.figures import figures_of
from shared.usage.groups import Groups, check_size
from shared.usage.planning import has_none
from shared.usage.query import UsageQuery
from shared.usage.source import look_up, runs_table
from shared.usage.stats import Labels, empty_stats

_MAX_POINTS = 4_000

# How much of an answer a series takes (1 is all), and the rest of the answer.
Share = Callable[[list[dict[str, Any]], list[dict[str, Any]]], tuple[float, float]]


@dataclass(frozen=True)
class ReadOptions:
    """How to read: `exact` from rows (True), from rollups where they go (False), or as the
    number of runs suggests; `labels` are the extras that are wanted, if not the commonest.
    """

    exact: bool | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """What `GET /usage` answers: totals, a series over time, a breakdown, the newest runs."""

    total: dict[str, Any]
    series: list[dict[str, Any]]
    breakdown: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    step_s: int
    partial_last_bucket: bool
    exact: bool
    labels: Labels


@dataclass(frozen=True)
class UsageSummary:
    """What `GET /usage/summary` answers: stats, and how they were read."""

    stats: dict[str, Any]
    exact: bool
    labels: Labels


def summary(
    bucket: Bucket, catalog: Catalog, query: UsageQuery, options: ReadOptions = ReadOptions()
) -> UsageSummary:
    """Stats of the question's runs, how many devices and models, and the stats of the
    window before.
    """

    def read(snapshot: Snapshot) -> UsageSummary:
        look_up(snapshot, query, query.before())
        now = _told(snapshot, query, options, count=("device", "model"))
        before = _told(snapshot, query.before(), options)
        stats = now.stats | {"previous": before.stats}
        return UsageSummary(stats, now.exact and before.exact, now.labels)

    return read_snapshot(UserLog(bucket, catalog, query.user_id), read)


def overview(
    bucket: Bucket,
    catalog: Catalog,
    query: UsageQuery,
    *,
    group_by: tuple[str, ...] = (),
    top: int | None = None,
    step_s: int,
    tz: str = "UTC",
    newest: int = 0,
    options: ReadOptions = ReadOptions(),
    coarser: Callable[[int], int] | None = None,
    share: Share | None = None,
) -> Overview:
    """Totals, a series in buckets of `step_s`, the breakdown by `group_by`, the newest runs.

    With `top` so many groups, those with the most runs in the window, and all others as one.
    Where so many groups have too many points, `coarser` gives the length of fewer buckets;
    without it TooManyGroups is raised. `share` says how much of an answer the series takes,
    and the rest; with `coarser` the series gets fewer buckets until both fit, if they can.
    """

    def read(snapshot: Snapshot, step_s: int = step_s) -> Overview:
        edges = bucket_edges(step_s, query.from_us, query.to_us, tz)
        partial = is_partial(edges, step_s, query.to_us, tz)
        with figures_of(
            snapshot, query, group_by, edges, exact=options.exact, labels=options.labels
        ) as (plan, figures):
            groups = Groups.of(figures, group_by, top)
            size = groups.size
            fewer = coarser(max(1, _MAX_POINTS // size - 1)) if coarser and size else step_s
            if size * len(edges) > _MAX_POINTS and fewer > step_s:
                return read(snapshot, fewer)
            advice = groups.advice if coarser else f"{groups.advice}, or ask for longer buckets"
            check_size(size * len(edges), _MAX_POINTS, f"points in time; {advice}")
            total = figures.stats([])[()]
            series = groups.series(figures, edges)
            breakdown = groups.breakdown(figures, total)
        runs = _newest(snapshot, query, newest)
        if coarser and share:
            fewer = coarser(_fitting(len(edges), *share(series, [total, *breakdown, *runs])))
            if fewer > step_s:
                return read(snapshot, fewer)
        return Overview(total, series, breakdown, runs, step_s, partial, plan.exact, figures.labels)

    return read_snapshot(UserLog(bucket, catalog, query.user_id), read)


def _fitting(buckets: int, series: float, rest: float) -> int:
    """How many buckets a series may have, if all is to be one answer; as many as it has
    where it is one, or where no series would make it one.
    """
    if series + rest <= 1 or rest >= 1:
        return buckets
    # Fuller buckets are a little larger.
    return max(1, int(buckets * (1 - rest) / series * 0.9) - 1)


def _told(
    snapshot: Snapshot, query: UsageQuery, options: ReadOptions, count: Sequence[str] = ()
) -> UsageSummary:
    """The stats of a question, with the number of values of the dimensions to count."""
    exact, labels = options.exact, options.labels
    if has_none(snapshot, query):
        nothing = dict.fromkeys(count, 0)
        return UsageSummary(_counted(empty_stats(), nothing), True, Labels.of({}, (), 0))
    with figures_of(snapshot, query, exact=exact, labels=labels) as (plan, figures):
        return UsageSummary(_counted(*figures.totals(count)), plan.exact, figures.labels)


def _counted(stats: dict[str, Any], values: dict[str, int]) -> dict[str, Any]:
    return stats | {f"{name}s": number for name, number in values.items()}


def _newest(snapshot: Snapshot, query: UsageQuery, count: int) -> list[dict[str, Any]]:
    """The newest runs; looked for in ever longer stretches from the window's end, so that a
    long window costs no more than a short one that has as many.
    """
    if not count:
        return []
    length_us = DAY_US
    while True:
        start_us = max(query.from_us, query.to_us - length_us)
        found = _newest_since(snapshot, query.since(start_us), count)
        if len(found) == count or start_us == query.from_us:
            return found
        length_us *= 4


def _newest_since(snapshot: Snapshot, query: UsageQuery, count: int) -> list[dict[str, Any]]:
    sql = f"SELECT {run_select_list()} FROM runs ORDER BY ts DESC, run_id DESC LIMIT ?"
    with runs_table(snapshot, query) as connection:
        rows = connection.execute(sql, [count]).fetchall()
    return [run_of_row(row).document() for row in rows]
