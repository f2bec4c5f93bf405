"""Usage: what ran where, how fast and how well (needs the analytics layer)."""

from shared.usage.baselines import (
    Baseline,
    BaselineChange,
    BaselineNotFound,
    Baselines,
    check_baseline_name,
)
from shared.usage.buckets import BUCKET_NAMES, TooManyBuckets, auto_seconds, bucket_seconds
from shared.usage.changes import find_changes
from shared.usage.comparison import Comparison, Side, compare
from shared.usage.definitions import DEFINITIONS, Definition
from shared.usage.export import Exported, export_runs
from shared.usage.export_file import Export, ExportFormat, ExportLimits, ExportTooLarge
from shared.usage.export_lines import CSV_COLUMNS
from shared.usage.figures import MAX_LABELS
from shared.usage.gate import GateQuestion
from shared.usage.gating import METRICS, Gated, WantedRule, gate_of, kept_moments, rules_of
from shared.usage.queries import Overview, ReadOptions, UsageSummary, overview, summary
from shared.usage.query import Filters, UsageQuery
from shared.usage.stats import Labels

__all__ = [
    "BUCKET_NAMES",
    "CSV_COLUMNS",
    "DEFINITIONS",
    "MAX_LABELS",
    "METRICS",
    "Baseline",
    "BaselineChange",
    "BaselineNotFound",
    "Baselines",
    "Comparison",
    "Definition",
    "Export",
    "ExportFormat",
    "ExportLimits",
    "ExportTooLarge",
    "Exported",
    "Filters",
    "GateQuestion",
    "Gated",
    "Labels",
    "Overview",
    "ReadOptions",
    "Side",
    "TooManyBuckets",
    "UsageQuery",
    "UsageSummary",
    "WantedRule",
    "auto_seconds",
    "bucket_seconds",
    "check_baseline_name",
    "compare",
    "export_runs",
    "find_changes",
    "gate_of",
    "kept_moments",
    "overview",
    "rules_of",
    "summary",
]
