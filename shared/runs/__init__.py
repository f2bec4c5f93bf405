"""A run: one measured execution of a model on a device, however it came to be known."""

from shared.runs.block import RunBlock, decode_runs
from shared.runs.run import Run, derived_tok_s, encode_runs
from shared.runs.schema import DIMENSIONS, JSON_COLUMNS, PARQUET_COLUMNS, select_list

__all__ = [
    "DIMENSIONS",
    "JSON_COLUMNS",
    "PARQUET_COLUMNS",
    "Run",
    "RunBlock",
    "decode_runs",
    "derived_tok_s",
    "encode_runs",
    "select_list",
]
