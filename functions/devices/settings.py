"""What the devices function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Tables, bucket and queues, and the role whose narrowed credentials devices get.

    `pool_queues` is JSON: URL by tag and lane. Device queues are named by a prefix.
    """

    accounts_table: str
    jobs_table: str
    devices_table: str
    catalog_table: str
    idempotency_table: str
    data_bucket: str
    pool_queues: str
    callbacks_queue_url: str
    dead_jobs_queue_arn: str
    device_queue_prefix: str
    device_role_arn: str
    require_tls: bool
    audit_retention_days: int
