"""What the authorize_request function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where tokens are known, and where their uses are told."""

    accounts_table: str
    token_uses_queue_url: str
