"""What an append must know beforehand, in one call: the adapter, and how much there is already."""

from collections.abc import Callable

import msgspec

from shared import clock
from shared.aws import Item, Table
from shared.clock import DAY_US, SECOND_US, day_of, day_start_us
from shared.datasets.adapters import Adapter, adapter_key, adapter_of
from shared.errors import TooManyRequests, Unacceptable
from shared.storage.log import (
    BACKLOG,
    Totals,
    UserLog,
    dataset_key,
    dataset_record,
    partition,
    read_snapshot,
    totals_key,
    totals_record,
)


class AccountLimits(msgspec.Struct, frozen=True):
    """What one user may have: datasets, rows appended on a day (UTC), bytes of rows.

    They are held against what is folded, so what came within the last seconds may exceed
    them a little.
    """

    datasets: int
    rows_a_day: int
    bytes: int


class AccountState(msgspec.Struct, frozen=True):
    """A user's adapter for a dataset, totals, whether the dataset has folded rows, and what is
    known of the user's pending segments.
    """

    adapter: Adapter | None
    totals: Totals
    known: bool
    backlog: Item | None = None


def read_account_state(catalog: Table, user_id: str, dataset: str) -> AccountState:
    """The standing of a user with a dataset. One call."""
    owner = partition(user_id)
    names = (adapter_key(dataset), dataset_key(dataset), totals_key(), BACKLOG)
    found: dict[str, Item] = {
        item["sk"]: item for item in catalog.get_many((owner, name) for name in names)
    }
    adapter, base, totals, backlog = (found.get(name) for name in names)
    return AccountState(
        adapter=None if adapter is None else adapter_of(adapter),
        totals=Totals() if totals is None else totals_record(totals),
        known=base is not None and dataset_record(base).exists,
        backlog=backlog,
    )


def check_limits(
    limits: AccountLimits,
    state: AccountState,
    *,
    rows: int,
    size: int,
    is_pending: Callable[[], bool],
) -> None:
    """Raises TooManyRequests for too many rows on a day, Unacceptable for too much at all.

    `is_pending` says whether the dataset has rows that are not folded; only a user at
    the limit of datasets pays for finding out.
    """
    _check_rows(limits, state.totals, rows)
    if state.totals.bytes + size > limits.bytes:
        raise Unacceptable(
            f"an account holds at most {limits.bytes} bytes of rows; delete datasets first",
            code="storage_limit_reached",
            limit_bytes=limits.bytes,
        )
    full = state.totals.datasets >= limits.datasets
    if full and not state.known and not is_pending():
        raise Unacceptable(
            f"an account has at most {limits.datasets} datasets; delete one first",
            code="too_many_datasets",
            limit_datasets=limits.datasets,
        )


def has_pending_rows(log: UserLog, dataset: str) -> bool:
    """Whether a dataset has rows that are not folded."""
    return bool(read_snapshot(log, lambda snapshot: snapshot.pending_of(dataset)))


def _check_rows(limits: AccountLimits, totals: Totals, rows: int) -> None:
    now_us = clock.now_us()
    today = day_of(now_us)
    if totals.rows_by_day.get(today, 0) + rows > limits.rows_a_day:
        rest_us = day_start_us(today) + DAY_US - now_us
        raise TooManyRequests(
            f"an account appends at most {limits.rows_a_day} rows a day (UTC)",
            code="daily_rows_exceeded",
            retry_after_s=rest_us // SECOND_US + 1,
            limit_rows_a_day=limits.rows_a_day,
        )
