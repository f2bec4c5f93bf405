"""What the deliver_callback function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where callbacks and signing secrets are kept, and the queue of deliveries to come."""

    accounts_table: str
    jobs_table: str
    callbacks_queue_url: str
    callback_allow_private: bool
