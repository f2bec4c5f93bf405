"""What the usage function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, and the catalog."""

    data_bucket: str
    catalog_table: str
