"""Imports: runs from elsewhere, each exactly once (needs the analytics layer)."""

from shared.imports.bodies import ALSO_CSV, LINES, read_records
from shared.imports.extras import MAX_EXTRAS
from shared.imports.format import CSV, MARKDOWN, TEXT, Format
from shared.imports.formats import FORMATS
from shared.imports.importing import Assumed, ImportResult, import_runs
from shared.imports.lease import LEASE_S, ImportBusy
from shared.imports.quota import ImportQuota
from shared.imports.records import MAX_RUNS, Record, Records
from shared.imports.run import Batch

__all__ = [
    "ALSO_CSV",
    "CSV",
    "FORMATS",
    "LEASE_S",
    "LINES",
    "MARKDOWN",
    "MAX_EXTRAS",
    "MAX_RUNS",
    "TEXT",
    "Assumed",
    "Batch",
    "Format",
    "ImportBusy",
    "ImportQuota",
    "ImportResult",
    "Record",
    "Records",
    "import_runs",
    "read_records",
]
