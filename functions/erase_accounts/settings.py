"""What the erase_accounts function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Every table and the bucket; `pool_queues` is JSON: URL by tag and lane.

    `erasure_grace_s`: for how long nothing of an account must be found before it is erased.
    """

    accounts_table: str
    catalog_table: str
    jobs_table: str
    devices_table: str
    idempotency_table: str
    data_bucket: str
    pool_queues: str
    erasure_grace_s: int
    audit_retention_days: int
