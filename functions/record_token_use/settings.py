"""What the record_token_use function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where tokens are known."""

    accounts_table: str
