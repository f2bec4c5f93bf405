"""What the accounts endpoints work on, made from the settings at the first request."""

from functools import cache

from functions.accounts.settings import Settings
from shared.aws import Table
from shared.config import read_settings
from shared.http import IdempotencyStore


@cache
def accounts() -> Table:
    """Users and their tokens."""
    return Table(read_settings(Settings).accounts_table)


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))
