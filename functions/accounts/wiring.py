"""What the accounts endpoints work on, made from the settings at the first request."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from shared import clock
from shared.accounts import Audit
from shared.aws import Table
from shared.clock import SECOND_US
from shared.config import read_settings
from shared.devices import Fleet
from shared.http import Caller
from shared.idempotency import IdempotencyStore


@dataclass(frozen=True)
class Settings:
    """Tables: of accounts, of first answers, of devices; what an account may have; and for how
    long it is remembered who did what.
    """

    accounts_table: str
    idempotency_table: str
    devices_table: str
    max_datasets: int
    max_rows_a_day: int
    max_bytes: int
    max_imported_runs_a_day: int
    max_open_jobs: int
    audit_retention_days: int


# An answer must come within 29 s; one step takes a second at the very most.
_WORK_S = 20


@cache
def accounts() -> Table:
    """Users and their tokens."""
    return Table(read_settings(Settings).accounts_table)


@cache
def fleet() -> Fleet:
    """The devices, to find those of an owner who goes."""
    return Fleet(Table(read_settings(Settings).devices_table))


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


def for_a_while() -> Callable[[], bool]:
    """Says yes for as long as a call may work on before it must answer."""
    until_us = clock.now_us() + _WORK_S * SECOND_US
    return lambda: clock.now_us() < until_us
