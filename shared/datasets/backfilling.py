"""Trying an adapter on the newest rows, and converting by it what is there already."""

from typing import Any

import msgspec

from shared import ids
from shared.aws import Update
from shared.datasets.adapters import Adapter, check_adapter, next_version
from shared.datasets.conversion import Arrival, RowNotConvertible, every_failure_its_own, run_of_row
from shared.datasets.listing import DatasetNotFound
from shared.datasets.reading import PageRequest, read_tail
from shared.errors import Fault, Unacceptable
from shared.isolation import tell_unreadable_rows
from shared.runs import Run
from shared.segment_ids import run_id_of, segment_id_of
from shared.storage.log import BATCH_MEMBER, META_PREFIX, Backfill, UserLog, start_backfill

PREVIEWED_ROWS = 20


def save_and_backfill(log: UserLog, tenant: str, adapter: Adapter) -> Adapter:
    """Save the adapter and have the rows converted that are there already.

    Raises Unacceptable for an adapter that is not right, or that is not enabled.
    """
    check_adapter(adapter)
    if not adapter.enabled:
        raise Unacceptable(
            "a backfill needs an enabled adapter; set enabled to true", code="adapter_disabled"
        )

    def prepare() -> tuple[Adapter, Update, Backfill]:
        saved, update = next_version(log.catalog.table, log.user_id, adapter)
        fields: dict[str, Any] = msgspec.to_builtins(saved)
        return saved, update, Backfill(version=saved.version, adapter=fields, tenant=tenant)

    return start_backfill(log, adapter.dataset, prepare)


def preview_adapter(log: UserLog, tenant: str, adapter: Adapter) -> tuple[list[Run], list[Fault]]:
    """The runs that the newest twenty rows would give, and what is wrong with the others.

    Nothing is saved. Raises Unacceptable for an adapter that is not right.
    """
    check_adapter(adapter)
    runs, faults, failures = [], [], []
    for number, line in enumerate(_newest_lines(log, adapter.dataset)):
        try:
            runs.append(run_of_stored(line, adapter, ordinal=number, tenant=tenant))
        except RowNotConvertible as exc:
            faults.append(exc.fault(number))
            failures.append(exc)
    tell_unreadable_rows(failures, user_id=log.user_id, dataset=adapter.dataset)
    return runs, faults


def _newest_lines(log: UserLog, dataset: str) -> list[bytes]:
    wanted = PageRequest(PREVIEWED_ROWS)
    try:
        return read_tail(log, dataset, PREVIEWED_ROWS, wanted).lines
    except DatasetNotFound:
        return []


def run_of_stored(line: bytes, adapter: Adapter, *, ordinal: int, tenant: str) -> Run:
    """The run of a row that is stored already: the very one that its append would have given,
    so that converting again doubles nothing.

    `ordinal` counts the stored rows of the row's segment from 0. Raises RowNotConvertible.
    """
    with every_failure_its_own():
        stored = msgspec.json.decode(line)
        batch_id = stored[BATCH_MEMBER]
        members = {name: stored[name] for name in stored if not name.startswith(META_PREFIX)}
        segment_id = segment_id_of(batch_id)
        arrival = Arrival(
            run_id=run_id_of(segment_id, ordinal),
            tenant=tenant,
            batch_id=batch_id,
            at_us=ids.ulid_time_us(segment_id),
        )
    return run_of_row(members, adapter, arrival)
