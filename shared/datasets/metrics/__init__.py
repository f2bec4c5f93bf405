"""Metrics of a dataset: its number fields as series over time, with summaries.

DuckDB computes them; it is imported when the first question comes, because appends
run in the same function and must not wait for it at a cold start.
"""

from shared.aws import Bucket
from shared.datasets.metrics.query import (
    DEFAULT_POINTS,
    MAX_POINTS,
    Metrics,
    MetricsQuery,
    Series,
    SeriesSummary,
)
from shared.storage.log import Catalog

__all__ = [
    "DEFAULT_POINTS",
    "MAX_POINTS",
    "Metrics",
    "MetricsQuery",
    "Series",
    "SeriesSummary",
    "dataset_metrics",
]


def dataset_metrics(bucket: Bucket, catalog: Catalog, query: MetricsQuery) -> Metrics:
    """The series, summaries and counts of the question's rows, folded and pending.

    Raises DatasetNotFound, and TooLarge where the folded rows exceed what one invocation
    can read.
    """
    from shared.datasets.metrics.compute import compute_metrics

    return compute_metrics(bucket, catalog, query)
