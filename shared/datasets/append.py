"""Appending rows: judged one by one, converted at once, stored in one PUT."""

from functools import cached_property

import msgspec

from shared import clock, ids
from shared.aws import Table
from shared.datasets.adapters import Adapter
from shared.datasets.batch_validation import uniform_rows
from shared.datasets.columns import block_of
from shared.datasets.conversion import Arrival, RowNotConvertible, run_of_row
from shared.datasets.quota import AccountLimits, check_limits, has_pending_rows, read_account_state
from shared.datasets.request_rows import MAX_ROWS, RequestRows
from shared.datasets.rows import AcceptedRow, meta_members, stored_line, validate_rows
from shared.errors import EvalyardError, Fault
from shared.isolation import place_of_failure, tell_unreadable_rows
from shared.observability import logger
from shared.runs import Run, RunBlock
from shared.segment_ids import batch_id_of, run_id_of
from shared.storage.log import Backlog, Catalog, SegmentLog, UserLog


class UsageResult(msgspec.Struct, frozen=True):
    """The runs that the stored rows gave; `span` is their earliest and latest time, in
    microseconds since the epoch, None for none.
    """

    recorded: int
    faults: tuple[Fault, ...]
    span: tuple[int, int] | None = None


class AppendResult(msgspec.Struct, frozen=True):
    """What became of an append. `usage` is None when no enabled adapter is saved, `batch_id`
    when nothing was stored.
    """

    batch_id: str | None
    received: int
    appended: int
    faults: tuple[Fault, ...]
    usage: UsageResult | None


class AppendBatch(msgspec.Struct, frozen=True, dict=True):
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
        return batch_id_of(self.segment_id)

    @cached_property
    def meta(self) -> bytes:
        """The members that each of its rows gets."""
        return meta_members(self.user_id, self.dataset, clock.iso(self.at_us), self.batch_id)

    @cached_property
    def at_us(self) -> int:
        """When it arrived, in microseconds since the epoch."""
        return ids.ulid_time_us(self.segment_id)

    def arrival(self, ordinal: int) -> Arrival:
        """What is known of the run of its row at that place."""
        return Arrival(
            run_id=run_id_of(self.segment_id, ordinal),
            tenant=self.tenant,
            batch_id=self.batch_id,
            at_us=self.at_us,
        )


def append_rows(
    log: SegmentLog,
    catalog: Table,
    batch: AppendBatch,
    sent: RequestRows,
    *,
    limits: AccountLimits,
    backlog: Backlog,
    strict: bool = False,
    dry_run: bool = False,
) -> AppendResult:
    """Store the valid rows of a batch and the runs they give; name the others.

    With `strict` one bad row keeps all out; with `dry_run` nothing is stored. One
    BatchGetItem and one PUT. Raises TooLarge for more than 10,000 rows, and what
    `check_limits` and the backlog raise.
    """
    state = read_account_state(catalog, batch.user_id, batch.dataset)
    if not dry_run:
        backlog.check(batch.user_id, state.backlog)
    adapter = state.adapter
    in_use = adapter if adapter is not None and adapter.enabled else None
    prepared = _at_once(batch, sent, in_use) or _one_by_one(batch, sent, in_use, strict=strict)
    if prepared.appended:
        check_limits(
            limits,
            state,
            rows=prepared.appended,
            size=len(prepared.lines),
            is_pending=lambda: has_pending_rows(
                UserLog(log.bucket, Catalog(catalog), batch.user_id), batch.dataset
            ),
        )
    if prepared.appended and not dry_run:
        _store(log, batch, prepared, adapter_version=adapter.version if adapter else 0)
    batch_id = None if dry_run else batch.batch_id
    return prepared.result(batch_id, converted=in_use is not None)


class _Prepared(msgspec.Struct, frozen=True):
    """What is to be stored of the rows that were sent."""

    received: int
    appended: int
    lines: bytes
    runs_body: bytes
    runs: int
    faults: tuple[Fault, ...] = ()
    usage_faults: tuple[Fault, ...] = ()
    span: tuple[int, int] | None = None

    def result(self, batch_id: str | None, *, converted: bool) -> AppendResult:
        usage = UsageResult(self.runs, self.usage_faults, self.span) if converted else None
        return AppendResult(batch_id, self.received, self.appended, self.faults, usage)


def _at_once(batch: AppendBatch, sent: RequestRows, adapter: Adapter | None) -> _Prepared | None:
    """All rows, where they are surely good; else None, also when that is not known."""
    try:
        return _uniform(batch, sent, adapter)
    except (EvalyardError, MemoryError):
        raise
    except Exception as exc:
        # The last resort: one by one, each row's failure is its own.
        logger().error("rows_not_read_at_once", extra=place_of_failure(exc))
        return None


def _uniform(batch: AppendBatch, sent: RequestRows, adapter: Adapter | None) -> _Prepared | None:
    rows = uniform_rows(sent, adapter)
    if rows is None or rows.count > MAX_ROWS:
        return None
    block, span = RunBlock(count=0), None
    if adapter is not None:
        found = block_of(rows, adapter, batch.arrival(0))
        if found is None:
            return None
        block, span = found
    lines, runs_body = rows.stored(batch.meta), block.encoded()
    return _Prepared(rows.count, rows.count, lines, runs_body, block.count, span=span)


def _one_by_one(
    batch: AppendBatch, sent: RequestRows, adapter: Adapter | None, *, strict: bool
) -> _Prepared:
    rows = sent.one_by_one()
    accepted, faults = validate_rows(rows)
    if strict and faults:
        accepted = []
    runs, usage_faults = ([], []) if adapter is None else _convert(batch, adapter, accepted)
    block = RunBlock.of_runs(runs, batch.segment_id)
    return _Prepared(
        len(rows),
        len(accepted),
        b"".join(stored_line(row, batch.meta) + b"\n" for row in accepted),
        block.encoded(),
        len(runs),
        tuple(faults),
        tuple(usage_faults),
        block.span(),
    )


def _convert(
    batch: AppendBatch, adapter: Adapter, rows: list[AcceptedRow]
) -> tuple[list[Run], list[Fault]]:
    runs, faults, failures = [], [], []
    for ordinal, row in enumerate(rows):
        try:
            runs.append(run_of_row(row.members, adapter, batch.arrival(ordinal)))
        except RowNotConvertible as exc:
            faults.append(exc.fault(row.index, row.line))
            failures.append(exc)
    tell_unreadable_rows(failures, user_id=batch.user_id, batch_id=batch.batch_id)
    return runs, faults


def _store(
    log: SegmentLog, batch: AppendBatch, prepared: _Prepared, *, adapter_version: int
) -> None:
    log.append_encoded(
        batch.user_id,
        batch.dataset,
        prepared.lines,
        prepared.appended,
        prepared.runs_body,
        prepared.runs,
        segment_id=batch.segment_id,
        repeatable=batch.repeatable,
        adapter_version=adapter_version,
    )
