"""What the datasets endpoints work on, made from the settings at the first request."""

from dataclasses import dataclass
from functools import cache

from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.datasets import AccountLimits
from shared.idempotency import IdempotencyStore
from shared.storage.log import Backlog, Catalog, SegmentLog, UserLog


@dataclass(frozen=True)
class Settings:
    """The bucket of segments and rows, the two tables, what an account may have,
    and how long a question may take.
    """

    data_bucket: str
    catalog_table: str
    idempotency_table: str
    max_datasets: int
    max_rows_a_day: int
    max_bytes: int
    max_pending_segments: int
    query_seconds: int


@cache
def bucket() -> Bucket:
    """The data bucket."""
    return Bucket(read_settings(Settings).data_bucket)


@cache
def catalog() -> Catalog:
    """The catalog of what is committed."""
    return Catalog(Table(read_settings(Settings).catalog_table))


def user_log(user_id: str) -> UserLog:
    """The log of one user."""
    return UserLog(bucket(), catalog(), user_id)


@cache
def segment_log() -> SegmentLog:
    """Where appends go."""
    return SegmentLog(bucket())


@cache
def backlog() -> Backlog:
    """How many appends may wait to be folded."""
    limit = read_settings(Settings).max_pending_segments
    return Backlog(segment_log(), catalog().table, limit)


@cache
def limits() -> AccountLimits:
    """What one user may have."""
    settings = read_settings(Settings)
    return AccountLimits(settings.max_datasets, settings.max_rows_a_day, settings.max_bytes)


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
