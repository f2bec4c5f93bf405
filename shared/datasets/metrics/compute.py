"""Answers a question about a dataset's metrics with DuckDB."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import msgspec
from msgspec import UNSET

from shared.aws import Bucket
from shared.datasets.metrics.gathering import Gathered, gather
from shared.datasets.metrics.mapping import TOK_S, Mapping, NumberField, discovered, mapping_of
from shared.datasets.metrics.query import Metrics, MetricsQuery, Series
from shared.datasets.metrics.series import (
    POINT_BUDGET,
    Bounds,
    bounds,
    last_value,
    points,
    summary,
)
from shared.datasets.metrics.splitting import Split, grouped_points, split_by
from shared.datasets.metrics.table import rows_view
from shared.storage.log import Catalog, UserLog, read_snapshot, retry_when_overtaken

MAX_GROUPS = 500
_ATTEMPTS = 3


def compute_metrics(bucket: Bucket, catalog: Catalog, query: MetricsQuery) -> Metrics:
    """The metrics. Raises DatasetNotFound, TooLarge, Unavailable."""
    with TemporaryDirectory(prefix="pending-") as folder:
        pending = Path(folder) / "pending.jsonl"
        log = UserLog(bucket, catalog, query.user_id)

        def attempt() -> Metrics:
            # ObjectMissing: the dataset was deleted, or rewritten by an undo, since the snapshot.
            gathered = read_snapshot(log, lambda snapshot: gather(snapshot, query.dataset, pending))
            return _computed(bucket, gathered, query)

        return retry_when_overtaken(attempt, attempts=_ATTEMPTS)


def _computed(bucket: Bucket, gathered: Gathered, query: MetricsQuery) -> Metrics:
    mapping = mapping_of(gathered.adapter)
    with rows_view(bucket, gathered, mapping, query) as connection:
        count, first, last = connection.execute(
            "SELECT count(*), min(us), max(us) FROM rows"
        ).fetchall()[0]
        counted = {label: _counted(connection, label) for label in ("device", "model")}
        split = split_by(query.split, counted[query.split]) if query.split else None
        return Metrics(
            rows=count,
            from_us=first,
            to_us=last,
            x_field=mapping.x_field,
            adapter=gathered.adapter,
            series=_all_series(connection, mapping, query.max_points, split),
            by_device=counted["device"],
            by_model=counted["model"],
        )


def _all_series(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, max_points: int, split: Split | None
) -> list[Series]:
    others = _discovered(connection, mapping) if mapping.discovers else []
    fields = [*mapping.fields, *others]
    within = bounds(connection, [_column(field) for field in fields])
    shown = _shown(fields, within) if mapping.discovers else fields
    # What comes apart is there twice: as a whole, and by its groups.
    budget = POINT_BUDGET // (1 if split is None else 2)
    most = min(max_points, budget // max(len(shown), 1))
    return [_series(connection, field, within[_column(field)], most, split) for field in shown]


def _discovered(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[NumberField]:
    known = {field.column for field in mapping.fields}
    described = connection.execute("DESCRIBE rows").fetchall()
    return [discovered(name) for name, *_ in described if name[0] == "n" and name not in known]


def _shown(fields: list[NumberField], within: dict[str, Bounds]) -> list[NumberField]:
    """Those that have numbers: the standard ones, then others, in most rows first."""
    filled = [field for field in fields if within[_column(field)].n]
    others = [field for field in filled if field.standard is None]
    others.sort(key=lambda field: (-within[_column(field)].n, field.field))
    return [field for field in filled if field.standard] + others


def _series(
    connection: duckdb.DuckDBPyConnection,
    field: NumberField,
    within: Bounds,
    most: int,
    split: Split | None,
) -> Series:
    column = _column(field)
    shown, downsampled = points(connection, column, most)
    stats = summary(connection, column, within)
    return Series(
        field=field.field,
        label=field.label,
        kind=field.kind,
        extra=field.standard is None,
        unit=field.unit,
        better=field.better,
        points=shown,
        downsampled=downsampled,
        summary=msgspec.structs.replace(stats, last=last_value(connection)),
        groups=UNSET if split is None else grouped_points(connection, column, split, most),
    )


def _column(field: NumberField) -> str:
    return "speed" if field.standard == TOK_S else field.column


def _counted(connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[str | None, int]]:
    """Rows by label, most first; at most 500 labels."""
    return connection.execute(
        f"SELECT {label}, count(*) AS n FROM rows GROUP BY {label} "
        f"ORDER BY n DESC, {label} NULLS LAST LIMIT {MAX_GROUPS}"
    ).fetchall()
