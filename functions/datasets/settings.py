"""What the datasets function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of segments and rows, the two tables, what an account may have,
    and how long a question may take."""

    data_bucket: str
    catalog_table: str
    idempotency_table: str
    max_datasets: int
    max_rows_a_day: int
    max_bytes: int
    max_pending_segments: int
    query_seconds: int
