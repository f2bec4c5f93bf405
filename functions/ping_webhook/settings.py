"""What the ping_webhook function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where signing secrets are, and what is known of users' URLs."""

    accounts_table: str
    jobs_table: str
    callback_allow_private: bool
