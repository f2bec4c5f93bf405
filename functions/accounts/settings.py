"""What the accounts function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The table of accounts, and of first answers by Idempotency-Key."""

    accounts_table: str
    idempotency_table: str
