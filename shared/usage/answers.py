"""Answers about usage, each from one consistent snapshot."""

from dataclasses import dataclass
from typing import Any

import duckdb

from shared.aws import Bucket
from shared.clock import iso
from shared.errors import MalformedInput
from shared.runs import JSON_COLUMNS, Run
from shared.storage import Catalog, Snapshot, read_snapshot
from shared.usage.buckets import bucket_edges, is_partial
from shared.usage.question import Question
from shared.usage.source import look_up, runs_table
from shared.usage.stats import empty_stats, grouped_stats

# An answer of Lambda has at most 6 MB; a group's stats take about 1 KB.
_MAX_GROUPS = 1_000
_MAX_POINTS = 4_000


class TooManyGroups(MalformedInput):
    """The grouping gives more groups than an answer can hold."""

    code = "too_many_groups"


@dataclass(frozen=True)
class Overview:
    """What `GET /usage` tells: totals, a series over time, a breakdown, the newest runs."""

    total: dict[str, Any]
    series: list[dict[str, Any]]
    breakdown: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    partial_last_bucket: bool


def summary(bucket: Bucket, catalog: Catalog, question: Question) -> dict[str, Any]:
    """Stats of the question's runs, how many devices and models, and the stats of the
    window before."""

    def read(snapshot: Snapshot) -> dict[str, Any]:
        look_up(snapshot, question, question.before())
        with runs_table(snapshot, question) as connection:
            stats = grouped_stats(connection, [])[()] | _distinct(connection)
        with runs_table(snapshot, question.before()) as connection:
            return stats | {"previous": grouped_stats(connection, [])[()]}

    return read_snapshot(bucket, catalog, question.user_id, read)


def overview(
    bucket: Bucket,
    catalog: Catalog,
    question: Question,
    *,
    group_by: tuple[str, ...] = (),
    step_s: int,
    tz: str = "UTC",
    newest: int = 0,
) -> Overview:
    """Totals, a series in buckets of `step_s`, the breakdown by `group_by`, the newest runs."""
    edges = bucket_edges(step_s, question.from_us, question.to_us, tz)
    partial = is_partial(edges, step_s, question.to_us)

    def read(snapshot: Snapshot) -> Overview:
        with runs_table(snapshot, question) as connection:
            total = grouped_stats(connection, [])[()]
            series = _series(connection, edges, group_by)
            breakdown = _breakdown(connection, group_by)
            return Overview(total, series, breakdown, _newest(connection, newest), partial)

    return read_snapshot(bucket, catalog, question.user_id, read)


def _distinct(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    sql = "SELECT count(DISTINCT device), count(DISTINCT model) FROM runs"
    devices, models = connection.execute(sql).fetchall()[0]
    return {"devices": devices, "models": models}


def _breakdown(
    connection: duckdb.DuckDBPyConnection, group_by: tuple[str, ...]
) -> list[dict[str, Any]]:
    if not group_by:
        return []
    found = grouped_stats(connection, list(group_by))
    _check_size(len(found), _MAX_GROUPS)
    return [{"key": dict(zip(group_by, key, strict=True)), **stats} for key, stats in found.items()]


def _series(
    connection: duckdb.DuckDBPyConnection, edges: list[int], group_by: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Every bucket of every group that has runs in the window, empty ones with `runs: 0`."""
    connection.execute(
        "CREATE TEMP TABLE bucketed AS SELECT runs.*, edges.edge FROM runs "
        "ASOF JOIN (SELECT unnest(?::BIGINT[]) AS edge) edges ON epoch_us(runs.ts) >= edges.edge",
        [edges],
    )
    found = grouped_stats(connection, ["edge", *group_by], table="bucketed")
    _check_size(len({key[1:] for key in found}) * len(edges), _MAX_POINTS)
    groups = sorted({key[1:] for key in found} | ({()} if not group_by else set()), key=repr)
    return [
        {"t": iso(edge), "key": dict(zip(group_by, group, strict=True))}
        | (found.get((edge, *group)) or empty_stats())
        for group in groups
        for edge in edges
    ]


def _check_size(found: int, most: int) -> None:
    """Refuse rather than cut short: totals must reconcile."""
    if found > most:
        raise TooManyGroups(
            f"this grouping gives {found} entries, more than {most}; filter by some of the values, "
            "group by fewer dimensions, or ask for longer buckets"
        )


def _newest(connection: duckdb.DuckDBPyConnection, count: int) -> list[dict[str, Any]]:
    if not count:
        return []
    columns = ", ".join("epoch_us(ts)" if name == "ts_us" else name for name in JSON_COLUMNS)
    sql = f"SELECT {columns} FROM runs ORDER BY ts DESC, run_id DESC LIMIT ?"
    rows = connection.execute(sql, [count]).fetchall()
    return [Run(**dict(zip(JSON_COLUMNS, row, strict=True))).document() for row in rows]
