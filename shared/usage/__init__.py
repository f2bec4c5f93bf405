"""Usage: what ran where, how fast and how well (needs the analytics layer)."""

from shared.usage.buckets import BUCKET_NAMES, TooManyBuckets, auto_seconds, bucket_seconds
from shared.usage.comparison import Comparison, Side, compare
from shared.usage.definitions import DEFINITIONS, Definition
from shared.usage.export import Exported, export_runs
from shared.usage.export_file import Export, ExportFormat, ExportLimits, ExportTooLarge
from shared.usage.export_lines import CSV_COLUMNS
from shared.usage.figures import MAX_LABELS
from shared.usage.queries import Overview, ReadOptions, UsageSummary, overview, summary
from shared.usage.query import Filters, UsageQuery
from shared.usage.stats import Labels

__all__ = [
    "BUCKET_NAMES",
    "CSV_COLUMNS",
    "DEFINITIONS",
    "MAX_LABELS",
    "Comparison",
    "Definition",
    "Export",
    "ExportFormat",
    "ExportLimits",
    "ExportTooLarge",
    "Exported",
    "Filters",
    "Labels",
    "Overview",
    "ReadOptions",
    "Side",
    "TooManyBuckets",
    "UsageQuery",
    "UsageSummary",
    "auto_seconds",
    "bucket_seconds",
    "compare",
    "export_runs",
    "overview",
    "summary",
]
