"""Usage: what ran where, how fast and how well (needs the analytics layer)."""

from shared.usage.answers import overview, summary
from shared.usage.buckets import BUCKET_NAMES, TooManyBuckets, bucket_seconds
from shared.usage.question import DIMENSIONS, Filters, Question

__all__ = [
    "BUCKET_NAMES",
    "DIMENSIONS",
    "Filters",
    "Question",
    "TooManyBuckets",
    "bucket_seconds",
    "overview",
    "summary",
]
