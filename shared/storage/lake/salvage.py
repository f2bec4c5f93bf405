"""What of a segment can be folded, so that one run that cannot costs itself and no other.

A run is given up only when folding it is proved to fail, alone and without any call to
AWS. What fails for want of memory or disk, or in AWS, proves nothing of a run.
"""

from collections.abc import Callable
from typing import NamedTuple

import duckdb

from shared.clock import day_of
from shared.observability import logger
from shared.runs import Run
from shared.storage.lake.parquet import parquet_of


class Sifted(NamedTuple):
    """Runs that can be folded, and those that cannot."""

    good: list[Run]
    bad: list[Run]


Sift = Callable[[list[Run]], Sifted]


def by_day(runs: list[Run]) -> Sifted:
    """Runs that are of a day, and those that are of none: no row of Parquet can hold them."""
    bad = [run for run in runs if not _has_day(run)]
    return Sifted([run for run in runs if run not in bad] if bad else runs, bad)


def by_trying(runs: list[Run]) -> Sifted:
    """Runs of which Parquet can be made, and those of which it cannot, by halving what fails.

    Raises what says nothing of the runs: no memory, no disk.
    """
    good, bad = by_day(runs)
    refused = _refused(good)
    return Sifted([run for run in good if run not in refused] if refused else good, bad + refused)


def _has_day(run: Run) -> bool:
    try:
        return bool(day_of(run.ts_us))
    except (ValueError, OverflowError):
        return False


def _refused(runs: list[Run]) -> list[Run]:
    if not runs or _folds(runs):
        return []
    if len(runs) == 1:
        return runs
    half = len(runs) // 2
    return _refused(runs[:half]) + _refused(runs[half:])


def _folds(runs: list[Run]) -> bool:
    try:
        parquet_of(runs)
    except (MemoryError, OSError, duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except Exception:
        # The last resort: whatever it is, these runs cannot be folded together.
        logger().exception("runs_refused", runs=len(runs))
        return False
    return True
