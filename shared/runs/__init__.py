"""A run: one measured execution of a model on a device, however it came to be known."""

from shared.runs.block import RunBlock, decode_runs
from shared.runs.columns import (
    AMOUNTS,
    COLUMNS,
    DIMENSIONS,
    EXPORTED,
    FILTERS,
    MEASURED,
    PREVIEW_CHARACTERS,
    SHOWN,
    Column,
    Kind,
    Run,
)
from shared.runs.run import check_storable, derived_tok_s, encode_runs, speed_of
from shared.runs.schema import (
    JSON_COLUMNS,
    PARQUET_COLUMNS,
    run_of_row,
    run_select_list,
    select_list,
    with_columns,
)
from shared.runs.values import (
    MAX_LABEL_CHARACTERS,
    MAX_TOKENS,
    ValueRefused,
    read_amount,
    read_count,
    read_flag,
    read_label,
    read_number,
)

__all__ = [
    "AMOUNTS",
    "COLUMNS",
    "DIMENSIONS",
    "EXPORTED",
    "FILTERS",
    "JSON_COLUMNS",
    "MAX_LABEL_CHARACTERS",
    "MAX_TOKENS",
    "MEASURED",
    "PARQUET_COLUMNS",
    "PREVIEW_CHARACTERS",
    "SHOWN",
    "Column",
    "Kind",
    "Run",
    "RunBlock",
    "ValueRefused",
    "check_storable",
    "decode_runs",
    "derived_tok_s",
    "encode_runs",
    "read_amount",
    "read_count",
    "read_flag",
    "read_label",
    "read_number",
    "run_of_row",
    "run_select_list",
    "select_list",
    "speed_of",
    "with_columns",
]
