"""Importing runs: judged one by one, those that are there already left out, stored in one PUT."""

from contextlib import nullcontext
from dataclasses import dataclass

from shared.aws import Bucket
from shared.errors import Fault
from shared.imports.lease import ImportLease
from shared.imports.quota import ImportQuota
from shared.imports.records import Records
from shared.imports.run import Batch
from shared.imports.validation import Judged, judge, without_repeats
from shared.runs import Run
from shared.storage.lake import existing_run_ids
from shared.storage.log import Backlog, Catalog, SegmentLog, UserLog, read_snapshot


@dataclass(frozen=True)
class Assumed:
    """How a member of some rows was treated."""

    field: str
    treated_as: str
    rows: int


@dataclass(frozen=True)
class ImportResult:
    """What became of an import. `batch_id` is None when nothing was stored; `runs` are those
    that are new, also where they would only have been stored.
    """

    batch_id: str | None
    received: int
    imported: int
    duplicates: int
    faults: tuple[Fault, ...]
    format: str
    assumed: tuple[Assumed, ...]
    runs: tuple[Run, ...] = ()

    @property
    def span(self) -> tuple[int, int] | None:
        """The earliest and the latest time of the new runs, in microseconds since the epoch."""
        times = [run.ts_us for run in self.runs]
        return (min(times), max(times)) if times else None


def import_runs(
    bucket: Bucket,
    catalog: Catalog,
    batch: Batch,
    records: Records,
    *,
    backlog: Backlog,
    quota: ImportQuota,
    strict: bool = False,
    dry_run: bool = False,
) -> ImportResult:
    """Store the runs that records describe, but for those that are there; name the bad ones.

    With `strict` one bad record keeps all out; with `dry_run` nothing is stored. One PUT;
    where ids are given also a look for them, during which no other import of the user
    stores anything. Raises TooLarge, TooManyPending, TooManyRequests for too many runs on a
    day, and Unavailable while another import runs.
    """
    if not dry_run:
        backlog.check_import(batch.user_id)
    judged = judge(records, batch)
    if strict and judged.faults:
        return _result(judged, [], stored=None, duplicates=0)
    store = not dry_run
    ids = judged.given_ids
    turn = ImportLease(catalog.table, batch.user_id).held() if ids and store else nullcontext()
    with turn:
        fresh = without_repeats(judged.runs, _known(bucket, catalog, batch, ids))
        if fresh and store:
            quota.take(batch.user_id, len(fresh))
            _store(bucket, batch, fresh)
    return _result(
        judged,
        fresh,
        stored=batch.batch_id if fresh and store else None,
        duplicates=len(judged.runs) - len(fresh),
    )


def _known(bucket: Bucket, catalog: Catalog, batch: Batch, run_ids: list[str]) -> set[str]:
    if not run_ids:
        return set()
    return read_snapshot(
        UserLog(bucket, catalog, batch.user_id),
        # A call that is repeated must not take what it stored itself for another call's.
        lambda snapshot: existing_run_ids(snapshot, run_ids, but_batch=batch.batch_id),
    )


def _store(bucket: Bucket, batch: Batch, runs: list[Run]) -> None:
    SegmentLog(bucket).append(
        batch.user_id, "", [], runs, segment_id=batch.segment_id, repeatable=batch.repeatable
    )


def _result(
    judged: Judged, fresh: list[Run], *, stored: str | None, duplicates: int
) -> ImportResult:
    return ImportResult(
        batch_id=stored,
        received=judged.received,
        imported=len(fresh),
        duplicates=duplicates,
        faults=tuple(judged.faults),
        format=judged.format,
        assumed=tuple(
            Assumed(field, treated_as, rows)
            for (field, treated_as), rows in judged.assumed.most_common()
        ),
        runs=tuple(fresh),
    )
