"""What the accounts function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The tables of accounts and of first answers, what an account may have, and for how long
    it is remembered who did what."""

    accounts_table: str
    idempotency_table: str
    max_datasets: int
    max_rows_a_day: int
    max_bytes: int
    audit_retention_days: int
