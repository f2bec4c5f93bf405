"""Usage: what ran where, how fast and how well (needs the analytics layer)."""

from shared.runs import DIMENSIONS
from shared.usage.answers import Overview, Reading, Summary, overview, summary
from shared.usage.buckets import BUCKET_NAMES, TooManyBuckets, bucket_seconds
from shared.usage.figures import MAX_LABELS
from shared.usage.question import Filters, Question
from shared.usage.stats import Labels

__all__ = [
    "BUCKET_NAMES",
    "DIMENSIONS",
    "MAX_LABELS",
    "Filters",
    "Labels",
    "Overview",
    "Question",
    "Reading",
    "Summary",
    "TooManyBuckets",
    "bucket_seconds",
    "overview",
    "summary",
]
