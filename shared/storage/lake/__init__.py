"""What the log becomes: volumes of rows, Parquet parts of runs, rollups, and their upkeep.

It needs DuckDB, so only functions with the analytics layer load it. What stands here is for
queries and imports; what changes the lake is in `shared.storage.assembly`, so that a query's
cold start does not load it.
"""

from shared.storage.lake.parquet import connect, connect_to_ask, json_reader
from shared.storage.lake.rollup_cells import (
    CELL_COLUMNS,
    EXTRA_PREFIX,
    RELATIVE_ERROR,
    cells_of,
    merged_cells,
    merged_moments,
    value_of,
)
from shared.storage.lake.rollup_levels import DAY, HOUR, ROLLUP_COLUMNS, level_for
from shared.storage.lake.run_id_lookup import existing_run_ids
from shared.storage.lake.scratch import Scratch, local_copies

__all__ = [
    "CELL_COLUMNS",
    "DAY",
    "EXTRA_PREFIX",
    "HOUR",
    "RELATIVE_ERROR",
    "ROLLUP_COLUMNS",
    "Scratch",
    "cells_of",
    "connect",
    "connect_to_ask",
    "existing_run_ids",
    "json_reader",
    "level_for",
    "local_copies",
    "merged_cells",
    "merged_moments",
    "value_of",
]
