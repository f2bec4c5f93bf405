"""What the health function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The storage whose health is asked after."""

    data_bucket: str
    catalog_table: str
