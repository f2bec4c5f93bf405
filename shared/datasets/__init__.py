"""Datasets: rows of measurements, and adapters that say what their fields mean."""

from shared.datasets.adapters import (
    Adapter,
    AdapterNotFound,
    ExtraField,
    TimeUnit,
    Units,
    adapter_key,
    load_adapter,
    save_adapter,
)
from shared.datasets.append import AppendBatch, AppendResult, append_rows
from shared.datasets.backfilling import preview_adapter, run_of_stored, save_and_backfill
from shared.datasets.conversion import Arrival, RowNotConvertible, job_row, run_of_row
from shared.datasets.cursors import Cursor
from shared.datasets.labels import LabelMeaning, label_meanings
from shared.datasets.listing import (
    DATASET_NAME,
    DatasetNotFound,
    DatasetSummary,
    check_dataset_name,
    list_datasets,
)
from shared.datasets.metrics import (
    DEFAULT_POINTS,
    MAX_POINTS,
    METRICS_MAX_BYTES,
    Metrics,
    MetricsQuery,
    Series,
    SeriesSummary,
    dataset_metrics,
    row_columns_made_by,
    write_row_columns,
)
from shared.datasets.quota import AccountLimits
from shared.datasets.reading import Order, PageRequest, RowPage, read_rows, read_tail
from shared.datasets.request_rows import MAX_ROWS, RequestRows
from shared.datasets.rows import MAX_ROW_BYTES, AcceptedRow, validate_rows

__all__ = [
    "DATASET_NAME",
    "DEFAULT_POINTS",
    "MAX_POINTS",
    "MAX_ROWS",
    "MAX_ROW_BYTES",
    "METRICS_MAX_BYTES",
    "AcceptedRow",
    "AccountLimits",
    "Adapter",
    "AdapterNotFound",
    "AppendBatch",
    "AppendResult",
    "Arrival",
    "Cursor",
    "DatasetNotFound",
    "DatasetSummary",
    "ExtraField",
    "LabelMeaning",
    "Metrics",
    "MetricsQuery",
    "Order",
    "PageRequest",
    "RequestRows",
    "RowNotConvertible",
    "RowPage",
    "Series",
    "SeriesSummary",
    "TimeUnit",
    "Units",
    "adapter_key",
    "append_rows",
    "check_dataset_name",
    "dataset_metrics",
    "job_row",
    "label_meanings",
    "list_datasets",
    "load_adapter",
    "preview_adapter",
    "read_rows",
    "read_tail",
    "row_columns_made_by",
    "run_of_row",
    "run_of_stored",
    "save_adapter",
    "save_and_backfill",
    "validate_rows",
    "write_row_columns",
]
