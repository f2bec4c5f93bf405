"""What the dashboard function is told by its environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Nothing: it serves files only."""
