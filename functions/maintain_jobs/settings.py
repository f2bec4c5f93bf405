"""What the maintain_jobs function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Tables, bucket and queues; `pool_queues` is JSON: URL by tag and lane."""

    jobs_table: str
    devices_table: str
    data_bucket: str
    pool_queues: str
    callbacks_queue_url: str
