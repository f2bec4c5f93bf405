"""What the log becomes: volumes of rows, Parquet parts of runs, rollups, and their upkeep.

It needs DuckDB, so only functions with the analytics layer load it.
"""

from shared.storage.lake.backfill import StoredRow
from shared.storage.lake.batch_revert import undo_batch
from shared.storage.lake.compactor import Compaction
from shared.storage.lake.histogram import RELATIVE_ERROR, value_of
from shared.storage.lake.maintenance import Maintenance
from shared.storage.lake.parquet import connect_to_ask, json_reader
from shared.storage.lake.restoring import Restoration, RestoreImpossible
from shared.storage.lake.rollup_cells import (
    CELL_COLUMNS,
    EXTRA_PREFIX,
    cells_of,
    merged_cells,
    merged_moments,
)
from shared.storage.lake.rollup_levels import DAY, HOUR, ROLLUP_COLUMNS, level_for
from shared.storage.lake.run_id_lookup import known_run_ids
from shared.storage.lake.scratch import Scratch, local_copies

__all__ = [
    "CELL_COLUMNS",
    "DAY",
    "EXTRA_PREFIX",
    "HOUR",
    "RELATIVE_ERROR",
    "ROLLUP_COLUMNS",
    "Compaction",
    "Maintenance",
    "Restoration",
    "RestoreImpossible",
    "Scratch",
    "StoredRow",
    "cells_of",
    "connect_to_ask",
    "json_reader",
    "known_run_ids",
    "level_for",
    "local_copies",
    "merged_cells",
    "merged_moments",
    "undo_batch",
    "value_of",
]
