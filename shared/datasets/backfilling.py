"""Trying an adapter on the newest rows, and converting by it what is there already."""

from typing import Any

import msgspec

from shared.aws import Bucket, Update
from shared.datasets.adapters import Adapter, check_adapter, next_version
from shared.datasets.conversion import RowNotConvertible
from shared.datasets.listing import DatasetNotFound
from shared.datasets.reading import Wanted, read_tail
from shared.datasets.stored import run_of_stored
from shared.errors import Fault, Unacceptable
from shared.isolation import tell_unreadable_rows
from shared.runs import Run
from shared.storage import Backfill, Catalog
from shared.storage.starting import start_backfill

PREVIEWED_ROWS = 20


def save_and_backfill(
    bucket: Bucket, catalog: Catalog, user_id: str, tenant: str, adapter: Adapter
) -> Adapter:
    """Save the adapter and have the rows converted that are there already.

    Raises Unacceptable for an adapter that is not right, or that is not enabled.
    """
    check_adapter(adapter)
    if not adapter.enabled:
        raise Unacceptable(
            "a backfill needs an enabled adapter; set enabled to true", code="adapter_disabled"
        )

    def prepare() -> tuple[Adapter, Update, Backfill]:
        saved, update = next_version(catalog.table, user_id, adapter)
        fields: dict[str, Any] = msgspec.to_builtins(saved)
        return saved, update, Backfill(version=saved.version, adapter=fields, tenant=tenant)

    return start_backfill(bucket, catalog, user_id, adapter.dataset, prepare)


def preview_adapter(
    bucket: Bucket, catalog: Catalog, user_id: str, tenant: str, adapter: Adapter
) -> tuple[list[Run], list[Fault]]:
    """The runs that the newest twenty rows would give, and what is wrong with the others.

    Nothing is saved. Raises Unacceptable for an adapter that is not right.
    """
    check_adapter(adapter)
    runs, faults, failures = [], [], []
    for number, line in enumerate(_newest_lines(bucket, catalog, user_id, adapter.dataset)):
        try:
            runs.append(run_of_stored(line, adapter, ordinal=number, tenant=tenant))
        except RowNotConvertible as exc:
            faults.append(exc.fault(number))
            failures.append(exc)
    tell_unreadable_rows(failures, user_id=user_id, dataset=adapter.dataset)
    return runs, faults


def _newest_lines(bucket: Bucket, catalog: Catalog, user_id: str, dataset: str) -> list[bytes]:
    wanted = Wanted(PREVIEWED_ROWS)
    try:
        return read_tail(bucket, catalog, user_id, dataset, PREVIEWED_ROWS, wanted).lines
    except DatasetNotFound:
        return []
