"""Datasets: rows of measurements, and adapters that say what their fields mean."""

from shared.datasets.adapters import (
    Adapter,
    AdapterNotFound,
    ExtraField,
    load_adapter,
    save_adapter,
)
from shared.datasets.append import AppendResult, Batch, append_rows
from shared.datasets.conversion import RowNotConvertible, job_row, run_of_row
from shared.datasets.names import check_dataset_name
from shared.datasets.reading import (
    DatasetNotFound,
    DatasetSummary,
    Position,
    RowPage,
    list_datasets,
    read_rows,
)
from shared.datasets.rows import MAX_ROW_BYTES
from shared.datasets.sent import MAX_ROWS, SentRow, SentRows, check_count
from shared.datasets.stored import StoredConversion, run_of_stored

__all__ = [
    "MAX_ROWS",
    "MAX_ROW_BYTES",
    "Adapter",
    "AdapterNotFound",
    "AppendResult",
    "Batch",
    "DatasetNotFound",
    "DatasetSummary",
    "ExtraField",
    "Position",
    "RowNotConvertible",
    "RowPage",
    "SentRow",
    "SentRows",
    "StoredConversion",
    "append_rows",
    "check_count",
    "check_dataset_name",
    "job_row",
    "list_datasets",
    "load_adapter",
    "read_rows",
    "run_of_row",
    "run_of_stored",
    "save_adapter",
]
