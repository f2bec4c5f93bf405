"""What the accounts endpoints work on, made from the settings at the first request."""

from functools import cache

from functions.accounts.settings import Settings
from shared.accounts import Audit
from shared.aws import Table
from shared.config import read_settings
from shared.http import Caller, IdempotencyStore


@cache
def accounts() -> Table:
    """Users and their tokens."""
    return Table(read_settings(Settings).accounts_table)


@cache
def idempotency() -> IdempotencyStore:
    """First answers by Idempotency-Key."""
    return IdempotencyStore(Table(read_settings(Settings).idempotency_table))


def audit(user: Caller, at_us: int | None = None) -> Audit:
    """What notes who did what; `at_us` is the beginning of a call that may be carried out again."""
    return Audit(user.user_id, user.token_id, audit_retention_days(), at_us)


def audit_retention_days() -> int:
    """For how long that is kept."""
    days: int = read_settings(Settings).audit_retention_days
    return days
