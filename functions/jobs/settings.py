"""What the jobs function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Tables, the bucket of bodies, and queues; `pool_queues` is JSON: URL by tag and lane.
    `max_open_jobs` of one user may wait for a device or a pool."""

    jobs_table: str
    devices_table: str
    catalog_table: str
    idempotency_table: str
    data_bucket: str
    pool_queues: str
    callbacks_queue_url: str
    callback_allow_private: bool
    max_open_jobs: int
