"""Answers a question about a dataset's metrics with DuckDB."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import msgspec
from msgspec import UNSET

from shared.aws import Bucket
from shared.datasets.metrics.gathering import Gathered, gather
from shared.datasets.metrics.mapping import TOK_S, Mapping, NumberField, discovered, mapping_of
from shared.datasets.metrics.ordering import batches, order
from shared.datasets.metrics.points import Shown, shown_points
from shared.datasets.metrics.query import Metrics, MetricsQuery, Series, SeriesSummary
from shared.datasets.metrics.series import counts, summaries
from shared.datasets.metrics.splitting import Split, split_by
from shared.datasets.metrics.table import rows_view
from shared.storage.log import Catalog, UserLog, read_snapshot, retry_when_overtaken

MAX_GROUPS = 500
# Points of all series together, so that an answer stays below the 6 MB of one invocation.
POINT_BUDGET = 70_000
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
            series=_all_series(connection, mapping, count, query.max_points, split),
            by_device=counted["device"],
            by_model=counted["model"],
        )


def _all_series(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    rows: int,
    max_points: int,
    split: Split | None,
) -> list[Series]:
    others = _discovered(connection, mapping) if mapping.discovers else []
    fields = [*mapping.fields, *others]
    shown = _shown(connection, fields) if mapping.discovers else fields
    # What comes apart is there twice: as a whole, and by its groups.
    budget = POINT_BUDGET // (1 if split is None else 2)
    most = min(max_points, budget // max(len(shown), 1))
    drawn = {
        column: found
        for columns in batches([_column(field) for field in shown], rows)
        for column, found in _drawn(connection, columns, most, split).items()
    }
    return [_series(field, drawn[_column(field)], split) for field in shown]


def _discovered(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[NumberField]:
    known = {field.column for field in mapping.fields}
    described = connection.execute("DESCRIBE rows").fetchall()
    return [discovered(name) for name, *_ in described if name[0] == "n" and name not in known]


def _shown(connection: duckdb.DuckDBPyConnection, fields: list[NumberField]) -> list[NumberField]:
    """Those that have numbers: the standard ones, then others, in most rows first."""
    found = counts(connection, [_column(field) for field in fields])
    filled = [field for field in fields if found[_column(field)]]
    others = [field for field in filled if field.standard is None]
    others.sort(key=lambda field: (-found[_column(field)], field.field))
    return [field for field in filled if field.standard] + others


class _Drawn(NamedTuple):
    """What a column's series shows: its summary, its points, and those of each group."""

    summary: SeriesSummary
    whole: Shown | None
    groups: dict[int, Shown]


def _drawn(
    connection: duckdb.DuckDBPyConnection,
    columns: list[str],
    most: int,
    split: Split | None,
) -> dict[str, _Drawn]:
    """A batch of columns, drawn with at most so many points each."""
    order(connection, columns)
    summed = summaries(connection, columns)
    whole = shown_points(connection, columns, most)
    groups: dict[str, dict[int, Shown]] = {}
    if split is not None:
        order(connection, columns, split.place, split.labels)
        groups = shown_points(connection, columns, split.room(most))
    return {
        column: _Drawn(summed[column], whole.get(column, {}).get(0), groups.get(column, {}))
        for column in columns
    }


def _series(field: NumberField, drawn: _Drawn, split: Split | None) -> Series:
    whole = drawn.whole
    return Series(
        field=field.field,
        label=field.label,
        kind=field.kind,
        extra=field.standard is None,
        unit=field.unit,
        better=field.better,
        points=whole.points if whole else [],
        downsampled=whole.downsampled if whole else False,
        summary=msgspec.structs.replace(drawn.summary, last=whole.last if whole else None),
        groups=UNSET if split is None else split.groups(drawn.groups),
    )


def _column(field: NumberField) -> str:
    return "speed" if field.standard == TOK_S else field.column


def _counted(connection: duckdb.DuckDBPyConnection, label: str) -> list[tuple[str | None, int]]:
    """Rows by label, most first; at most 500 labels."""
    return connection.execute(
        f"SELECT {label}, count(*) AS n FROM rows GROUP BY {label} "
        f"ORDER BY n DESC, {label} NULLS LAST LIMIT {MAX_GROUPS}"
    ).fetchall()
