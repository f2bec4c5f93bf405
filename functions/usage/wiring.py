"""What the usage endpoints work on, made from the settings at the first request."""

from dataclasses import dataclass
from functools import cache

from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.idempotency import IdempotencyStore
from shared.imports import ImportQuota
from shared.storage.log import Backlog, Catalog, SegmentLog


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, first answers by Idempotency-Key; how many
    segments of a user may be pending, how many runs one may import on a day, and how long a
    question may take.
    """

    data_bucket: str
    catalog_table: str
    idempotency_table: str
    max_pending_segments: int
    max_imported_runs_a_day: int
    query_seconds: int


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
