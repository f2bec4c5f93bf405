"""What the maintain_storage function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, and after how many days the upkeep deletes
    for good what was replaced (0: the bucket's lifecycle rules do)."""

    data_bucket: str
    catalog_table: str
    expire_after_days: int
