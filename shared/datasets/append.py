"""Appending rows: judged one by one, converted at once, stored in one PUT."""

from dataclasses import dataclass

import msgspec

from shared import clock, ids
from shared.aws import Table
from shared.datasets.adapters import Adapter, load_adapter
from shared.datasets.conversion import RowNotConvertible, run_of_row
from shared.datasets.rows import AcceptedRow, judge_rows, meta_members, with_meta
from shared.errors import Fault, TooLarge
from shared.runs import Run
from shared.storage import SegmentLog

MAX_ROWS = 10_000


@dataclass(frozen=True)
class UsageResult:
    """What became of the stored rows as usage."""

    recorded: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class AppendResult:
    """What became of an append. `usage` is None when no enabled adapter is saved."""

    batch_id: str
    received: int
    appended: int
    faults: tuple[Fault, ...]
    usage: UsageResult | None


@dataclass(frozen=True)
class Batch:
    """Who appends what to which dataset, and the id of the segment that it becomes.

    With `repeatable` the id is the same whenever the same call is carried out again.
    """

    user_id: str
    tenant: str
    dataset: str
    segment_id: str
    repeatable: bool

    @property
    def batch_id(self) -> str:
        """How the API calls this append."""
        return f"bat_{self.segment_id}"


def append_rows(
    log: SegmentLog,
    catalog: Table,
    batch: Batch,
    rows: list[msgspec.Raw],
    *,
    strict: bool = False,
    dry_run: bool = False,
) -> AppendResult:
    """Store the valid rows of a batch and the runs they give; name the others.

    With `strict` one bad row keeps all out; with `dry_run` nothing is stored. One
    GetItem and one PUT. Raises TooLarge for more than 10,000 rows.
    """
    if len(rows) > MAX_ROWS:
        raise TooLarge(
            f"at most {MAX_ROWS} rows a call; send them in several",
            code="too_many_rows",
            limit_rows=MAX_ROWS,
        )
    accepted, faults = judge_rows(rows)
    if strict and faults:
        accepted = []
    runs, usage = _usage(catalog, batch, accepted)
    if accepted and not dry_run:
        _store(log, batch, accepted, runs)
    return AppendResult(batch.batch_id, len(rows), len(accepted), tuple(faults), usage)


def _usage(
    catalog: Table, batch: Batch, rows: list[AcceptedRow]
) -> tuple[list[Run], UsageResult | None]:
    adapter = load_adapter(catalog, batch.user_id, batch.dataset)
    if adapter is None or not adapter.enabled:
        return [], None
    runs, faults = _convert(batch, adapter, rows)
    return runs, UsageResult(len(runs), tuple(faults))


def _convert(
    batch: Batch, adapter: Adapter, rows: list[AcceptedRow]
) -> tuple[list[Run], list[Fault]]:
    runs, faults = [], []
    for row in rows:
        try:
            runs.append(
                run_of_row(
                    row.members,
                    adapter,
                    tenant=batch.tenant,
                    batch_id=batch.batch_id,
                    run_id=f"run_{batch.segment_id}_{row.index}",
                )
            )
        except RowNotConvertible as exc:
            faults.append(exc.fault(row.index))
    return runs, faults


def _store(log: SegmentLog, batch: Batch, rows: list[AcceptedRow], runs: list[Run]) -> None:
    at = clock.iso(ids.ulid_time_us(batch.segment_id))
    meta = meta_members(batch.user_id, batch.dataset, at, batch.batch_id)
    lines = [with_meta(row, meta) for row in rows]
    log.append(
        batch.user_id,
        batch.dataset,
        lines,
        runs,
        segment_id=batch.segment_id,
        repeatable=batch.repeatable,
    )
