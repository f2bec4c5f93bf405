"""Rollups: what runs add up to, in cells that can be added up further (needs DuckDB)."""

from shared.rollups.cells import (
    CELL_COLUMNS,
    EXTRA_PREFIX,
    cells_of,
    merged_cells,
    merged_moments,
)
from shared.rollups.histogram import GAMMA, RELATIVE_ERROR, bucket_of, value_of
from shared.rollups.levels import (
    DAY,
    HOUR,
    LEVELS,
    ROLLUP_COLUMNS,
    Level,
    differences,
    level_for,
    roll,
)

__all__ = [
    "CELL_COLUMNS",
    "DAY",
    "EXTRA_PREFIX",
    "GAMMA",
    "HOUR",
    "LEVELS",
    "RELATIVE_ERROR",
    "ROLLUP_COLUMNS",
    "Level",
    "bucket_of",
    "cells_of",
    "differences",
    "level_for",
    "merged_cells",
    "merged_moments",
    "roll",
    "value_of",
]
