"""What the accounts function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Tables: of accounts, of first answers, of devices; what an account may have; and for how
    long it is remembered who did what."""

    accounts_table: str
    idempotency_table: str
    devices_table: str
    max_datasets: int
    max_rows_a_day: int
    max_bytes: int
    max_imported_runs_a_day: int
    max_open_jobs: int
    audit_retention_days: int
