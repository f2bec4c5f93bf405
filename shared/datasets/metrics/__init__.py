"""Metrics of a dataset: its number fields as series over time, with summaries.

DuckDB computes them; it is imported when the first question comes, because appends
run in the same function and must not wait for it at a cold start.
"""

from pathlib import Path

from shared.aws import Bucket
from shared.datasets.adapters import load_adapter
from shared.datasets.metrics.query import (
    DEFAULT_POINTS,
    MAX_POINTS,
    METRICS_MAX_BYTES,
    Metrics,
    MetricsQuery,
    Series,
    SeriesSummary,
)
from shared.storage.log import Catalog, UserLog

__all__ = [
    "DEFAULT_POINTS",
    "MAX_POINTS",
    "METRICS_MAX_BYTES",
    "Metrics",
    "MetricsQuery",
    "Series",
    "SeriesSummary",
    "dataset_metrics",
    "row_columns_made_by",
    "write_row_columns",
]


def dataset_metrics(bucket: Bucket, catalog: Catalog, query: MetricsQuery) -> Metrics:
    """The series, summaries and counts of the question's rows, folded and pending.

    Raises DatasetNotFound, and TooLarge where the folded rows exceed what one invocation
    can read.
    """
    from shared.datasets.metrics.compute import compute_metrics

    return compute_metrics(bucket, catalog, query)


def row_columns_made_by() -> str:
    """What names the columns that `write_row_columns` makes: others are not read."""
    from shared.datasets.metrics.row_columns import made_by

    return made_by()


def write_row_columns(log: UserLog, dataset: str, rows: Path, target: Path) -> bool:
    """Write a file of columns of a file of rows, of which metrics can be made; false where these
    rows have none.
    """
    from shared.datasets.metrics.mapping import mapping_of
    from shared.datasets.metrics.row_columns import write_columns

    mapping = mapping_of(load_adapter(log.catalog.table, log.user_id, dataset))
    return write_columns(mapping, rows, target)
