"""A run: one measured execution of a model on a device, however it came to be known."""

from shared.runs.block import RunBlock, decode_runs
from shared.runs.run import Run, check_storable, derived_tok_s, encode_runs
from shared.runs.schema import DIMENSIONS, JSON_COLUMNS, PARQUET_COLUMNS, select_list
from shared.runs.values import (
    MAX_LABEL_CHARACTERS,
    MAX_TOKENS,
    PREVIEW_CHARACTERS,
    ValueRefused,
    read_amount,
    read_count,
    read_flag,
    read_label,
    read_number,
)

__all__ = [
    "DIMENSIONS",
    "JSON_COLUMNS",
    "MAX_LABEL_CHARACTERS",
    "MAX_TOKENS",
    "PARQUET_COLUMNS",
    "PREVIEW_CHARACTERS",
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
    "select_list",
]
