"""What the usage endpoints work on, made from the settings at the first request."""

from functools import cache

from functions.usage.settings import Settings
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.http import IdempotencyStore
from shared.imports import ImportQuota
from shared.storage import Backlog, Catalog, SegmentLog


@cache
def bucket() -> Bucket:
    """The data bucket."""
    return Bucket(read_settings(Settings).data_bucket)


@cache
def catalog() -> Catalog:
    """The catalog of what is committed."""
    return Catalog(Table(read_settings(Settings).catalog_table))


@cache
def backlog() -> Backlog:
    """How many imports may wait to be folded."""
    limit = read_settings(Settings).max_pending_segments
    return Backlog(SegmentLog(bucket()), catalog().table, limit)


@cache
def quota() -> ImportQuota:
    """How many runs one user may import on a day."""
    return ImportQuota(catalog().table, read_settings(Settings).max_imported_runs_a_day)


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
