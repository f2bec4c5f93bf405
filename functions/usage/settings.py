"""What the usage function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, and first answers by Idempotency-Key."""

    data_bucket: str
    catalog_table: str
    idempotency_table: str
