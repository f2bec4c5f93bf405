"""What the datasets function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of segments and rows, and the two tables."""

    data_bucket: str
    catalog_table: str
    idempotency_table: str
