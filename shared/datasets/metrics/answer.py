"""Answers a question about a dataset's metrics with DuckDB."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import msgspec

from shared.aws import Bucket, ObjectMissing
from shared.datasets.adapters import MAX_EXTRA_FIELDS
from shared.datasets.metrics.gathering import Gathered, gather
from shared.datasets.metrics.mapping import TOK_S, Mapping, NumberField, discovered, mapping_of
from shared.datasets.metrics.question import Metrics, MetricsQuestion, Series
from shared.datasets.metrics.series import POINT_BUDGET, last_value, points, summary
from shared.datasets.metrics.table import rows_view
from shared.errors import Unavailable
from shared.storage import Catalog, read_snapshot

MAX_GROUPS = 500
_ATTEMPTS = 3


def answer(bucket: Bucket, catalog: Catalog, question: MetricsQuestion) -> Metrics:
    """The metrics. Raises DatasetNotFound, TooLarge, Unavailable."""
    with TemporaryDirectory(prefix="pending-") as folder:
        pending = Path(folder) / "pending.jsonl"
        for _ in range(_ATTEMPTS):
            gathered = read_snapshot(
                bucket,
                catalog,
                question.user_id,
                lambda snapshot: gather(snapshot, question.dataset, pending),
            )
            try:
                return _computed(bucket, gathered, question)
            except ObjectMissing:
                # The dataset was deleted, or rewritten by an undo, since the snapshot.
                continue
    raise Unavailable("the data is being reorganised; ask again", code="storage_busy")


def _computed(bucket: Bucket, gathered: Gathered, question: MetricsQuestion) -> Metrics:
    mapping = mapping_of(gathered.adapter)
    with rows_view(bucket, gathered, mapping, question) as connection:
        count, first, last = connection.execute(
            "SELECT count(*), min(us), max(us) FROM rows"
        ).fetchall()[0]
        return Metrics(
            rows=count,
            from_us=first,
            to_us=last,
            x_field=mapping.x_field,
            adapter=gathered.adapter,
            series=_all_series(connection, _fields(connection, mapping), question.max_points),
            by_device=_counted(connection, "device"),
            by_model=_counted(connection, "model"),
        )


def _fields(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[NumberField]:
    """The series to show: those of the adapter, or without one those that have numbers."""
    if not mapping.discovers:
        return list(mapping.fields)
    known = {field.column for field in mapping.fields}
    described = connection.execute("DESCRIBE rows").fetchall()
    others = [discovered(name) for name, *_ in described if name[0] == "n" and name not in known]
    counts = _filled(connection, [*mapping.fields, *others])
    others.sort(key=lambda field: (-counts[field], field.field))
    shown = [*mapping.fields, *others[:MAX_EXTRA_FIELDS]]
    return [field for field in shown if counts[field]]


def _filled(
    connection: duckdb.DuckDBPyConnection, fields: list[NumberField]
) -> dict[NumberField, int]:
    columns = ", ".join(f"count({_column(field)})" for field in fields)
    counts = connection.execute(f"SELECT {columns} FROM rows").fetchall()[0]
    return dict(zip(fields, counts, strict=True))


def _all_series(
    connection: duckdb.DuckDBPyConnection, fields: list[NumberField], max_points: int
) -> list[Series]:
    most = min(max_points, POINT_BUDGET // max(len(fields), 1))
    return [_series(connection, field, most) for field in fields]


def _series(connection: duckdb.DuckDBPyConnection, field: NumberField, most: int) -> Series:
    column = _column(field)
    shown, downsampled = points(connection, column, most)
    stats = msgspec.structs.replace(summary(connection, column), last=last_value(connection))
    return Series(
        field=field.field,
        label=field.label,
        kind=field.kind,
        extra=field.standard is None,
        unit=field.unit,
        better=field.better,
        points=shown,
        downsampled=downsampled,
        summary=stats,
    )


def _column(field: NumberField) -> str:
    return "speed" if field.standard == TOK_S else field.column


def _counted(connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[str | None, int]]:
    """Rows by label, most first; at most 500 labels."""
    return connection.execute(
        f"SELECT {label}, count(*) AS n FROM rows GROUP BY {label} "
        f"ORDER BY n DESC, {label} NULLS LAST LIMIT {MAX_GROUPS}"
    ).fetchall()
