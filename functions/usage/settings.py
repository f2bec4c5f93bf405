"""What the usage function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, first answers by Idempotency-Key; how many
    segments of a user may be pending, how many runs one may import on a day, and how long a
    question may take."""

    data_bucket: str
    catalog_table: str
    idempotency_table: str
    max_pending_segments: int
    max_imported_runs_a_day: int
    query_seconds: int
