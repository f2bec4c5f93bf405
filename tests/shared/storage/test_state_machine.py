"""Everything that happens to storage, in any order, with faults: readers find what the model says.

`EVALYARD_STEPS` multiplies the number of examples; the nightly target sets it.
"""

import tempfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from shared import ids
from shared.aws import Bucket, Table
from shared.clock import DAY_US
from shared.datasets import Adapter, list_datasets, load_adapter, save_adapter, save_and_backfill
from shared.errors import EvalyardError, NotFound
from shared.runs import Run
from shared.storage.assembly import compactor, maintenance
from shared.storage.lake import connect, row_columns
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.restoring import Restoration
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.lake.stored_counts import StoredCounts
from shared.storage.log import (
    BATCH_MEMBER,
    Catalog,
    SegmentLog,
    UserLog,
    begin_snapshot,
    delete_dataset,
)
from shared.usage import ReadOptions, UsageQuery, summary
from tests.kit.cloud import aws_client
from tests.kit.effort import FACTOR, NIGHTLY
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.kit.s3_time import S3Time
from tests.shared.storage.conftest import NOON_US, read_all_rows, read_all_runs

DATASETS = ("d", "e")
# A fault, whether it strikes after the call took effect, and the number of the call.
FAULTS = st.sampled_from([None, None, crash, lose_answer])
FAULTY = st.tuples(FAULTS, st.booleans(), st.integers(0, 12))
LATER_FAULTY = st.tuples(FAULTS, st.booleans(), st.integers(0, 40))


def _bounded() -> Callable[[], bool]:
    """Time enough for what these tests store; who needs more goes round in circles."""
    steps = count()

    def may_go_on() -> bool:
        assert next(steps) < 100, "no end of steps"
        return True

    return may_go_on


def _storage(name: str) -> tuple[Bucket, Catalog]:
    """A bucket and a table of one's own: upkeep looks at everybody, and so does moto."""
    s3, dynamodb = aws_client("s3"), aws_client("dynamodb")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    keys = {"pk": "HASH", "sk": "RANGE"}
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return Bucket(name), Catalog(Table(name))


class Batch(msgspec.Struct):
    """What the model knows of a segment: its rows, and the runs that they have."""

    dataset: str
    lines: list[str]
    days: list[int]
    converted: set[int]
    repeatable: bool
    adapter_version: int


@dataclass
class Moment:
    """A moment that may be restored: the catalog and the model as they were then."""

    past: Catalog
    moment_s: float
    model: tuple[dict[str, Batch], list[str], dict[str, int]]


class Storage(RuleBasedStateMachine):
    """One user's storage beside a model. Actions that fail may have happened: `maybe` holds
    what a fault left open until a repetition, or a look, settles it.
    """

    numbers = count()
    s3_time: S3Time

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        self.user_id = f"user-{number}"
        self.bucket, self.catalog = _storage(f"evalyard-{number}")
        self.segments = SegmentLog(self.bucket)
        self.log = UserLog(self.bucket, self.catalog, self.user_id)
        self.batches: dict[str, Batch] = {}
        self.undone: list[str] = []
        self.adapters: dict[str, int] = {}
        self.moments: list[Moment] = []
        self.looks = 0

    # ------------------------------------------------------------------------------- actions

    @rule(
        dataset=st.sampled_from(DATASETS),
        rows=st.integers(1, 3),
        spread=st.sampled_from([1, 1, 2]),
        repeatable=st.booleans(),
        late=st.booleans(),
        fault=st.sampled_from([None, crash, lose_answer]),
        after=st.booleans(),
    )
    def append(self, dataset, rows, spread, repeatable, late, fault, after):
        """An append; one that failed is repeated when it can be, and else looked for."""
        segment_id = ids.ulid(ids.ulid_time_us(ids.ulid()) - late * 60_000_000)
        version = self.adapters.get(dataset, 0)
        batch_id = f"bat_{segment_id}"
        lines = [
            f'{{"ts":{1764763200 + number * spread * 86400},"n":{number},'
            f'"_meta_batch_id":"{batch_id}"}}'
            for number in range(rows)
        ]
        days = [number * spread for number in range(rows)]
        converted = set(range(rows)) if version else set()
        runs = [self._run(segment_id, dataset, number, days[number]) for number in converted]

        def write() -> None:
            self.segments.append(
                self.user_id,
                dataset,
                [line.encode() for line in lines],
                runs,
                segment_id=segment_id,
                repeatable=repeatable,
                adapter_version=version,
            )

        stored = self._attempt(write, fault, after, number=0)
        if not stored and repeatable:
            write()
            stored = True
        if stored or self._is_there(segment_id):
            self.batches[batch_id] = Batch(dataset, lines, days, converted, repeatable, version)

    @rule(pick=st.integers(0, 50))
    def repeat(self, pick):
        """A repeatable append comes again: late, maybe folded, maybe taken back."""
        known = [b for b, batch in self.batches.items() if batch.repeatable]
        if known:
            batch_id = known[pick % len(known)]
            batch = self.batches[batch_id]
            segment_id = batch_id.removeprefix("bat_")
            written = range(len(batch.lines)) if batch.adapter_version else ()
            self.segments.append(
                self.user_id,
                batch.dataset,
                [line.encode() for line in batch.lines],
                [self._run(segment_id, batch.dataset, n, batch.days[n]) for n in written],
                segment_id=segment_id,
                repeatable=True,
                adapter_version=batch.adapter_version,
            )

    @rule(
        call=st.integers(0, 25),
        fault=st.sampled_from([None, crash, lose_answer, "other", "remember"]),
        after=st.booleans(),
    )
    def fold(self, call, fault, after):
        """A compaction, perhaps failing at one of its calls, or overtaken there by another; or
        what is there in the midst of it will be restored.
        """
        folding = compactor(self.log)
        steps = iter([True] * 6)
        action = {"other": self._other, "remember": self.remember}.get(fault, fault)
        self._attempt(lambda: folding.drain(lambda: next(steps, False)), action, after, call)

    @rule(dataset=st.sampled_from(DATASETS), backfill=st.booleans(), faulty=FAULTY)
    def save(self, dataset, backfill, faulty):
        """A new version of an adapter, with or without what is there already."""
        adapter = Adapter(dataset=dataset)

        def save() -> None:
            if backfill:
                save_and_backfill(self.log, "t", adapter)
            else:
                save_adapter(self.catalog.table, self.user_id, adapter)

        self._until_done(save, faulty)
        saved = load_adapter(self.catalog.table, self.user_id, dataset)
        assert saved is not None
        self.adapters[dataset] = saved.version
        if backfill:
            for batch in self._of(dataset):
                batch.converted |= set(range(len(batch.lines)))

    @rule(
        dataset=st.sampled_from(DATASETS), usage=st.booleans(), twice=st.booleans(), faulty=FAULTY
    )
    def delete(self, dataset, usage, twice, faulty):
        """A dataset goes, and if asked the usage of its rows. Rows that go before a backfill
        came to them never have runs: which these are the model cannot tell, so it waits.
        """
        if self.catalog.checkpoint(self.user_id).backfills:
            self._settle()

        def delete() -> None:
            delete_dataset(
                self.log,
                dataset,
                runs=usage,
                also=(f"DATASET#{dataset}#ADAPTER",),
            )

        self._until_done(delete, faulty)
        if twice:
            delete()
        existed = self.adapters.pop(dataset, 0) or any(b.lines for b in self._of(dataset))
        for batch in self._of(dataset):
            batch.lines = []
            batch.repeatable = False
            if usage and existed:
                batch.converted = set()

    @rule(pick=st.integers(0, 50), twice=st.booleans(), settle=st.booleans(), faulty=FAULTY)
    def undo(self, pick, twice, settle, faulty):
        """A batch is taken back; the answer counts what readers no longer find."""
        if not self.batches:
            return
        batch_id = sorted(self.batches)[pick % len(self.batches)]
        if settle or self.catalog.checkpoint(self.user_id).backfills:
            self._settle()
        answers = []

        def undo() -> None:
            answers.append(revert_batch(self.log, batch_id))

        before = self._visible(batch_id)
        calm = self._until_done(undo, faulty)
        if calm or not answers[-1].already:
            assert (answers[-1].rows, answers[-1].runs) == before
        self.batches.pop(batch_id)
        self.undone.append(batch_id)
        if twice:
            undo()
            assert (answers[-1].rows, answers[-1].runs, answers[-1].already) == (0, 0, True)

    @rule()
    def maintain(self):
        """The schedule fires."""
        upkeep = maintenance(self.bucket, self.catalog)
        for work in (
            upkeep.flush_missed,
            upkeep.apply_tombstones,
            upkeep.roll_up,
            upkeep.remove_orphan_parts,
            upkeep.remove_orphan_versions,
        ):
            work(_bounded())

    @rule(page=st.integers(1, 4), order=st.sampled_from(["asc", "desc"]), each=st.booleans())
    def walk(self, page, order, each):
        """A reader pages through a dataset while it is folded between the pages."""
        for dataset in DATASETS:
            between = self._other if each else lambda: None
            found = read_all_rows(self.log, dataset, page, order, between)
            assert sorted(found) == sorted(self._lines(dataset))

    @rule(faulty=FAULTY)
    def roll_up(self, faulty):
        """Days are rolled up and months gathered, perhaps failing at one of the calls."""
        fault, after, number = faulty
        rolling = RollupUpkeep(self.log)
        self._attempt(lambda: rolling.roll_up(_bounded()), fault, after, number)

    @rule()
    def remember(self):
        """A moment that is restored later, of the newest two."""
        name = f"{self.catalog.table.name}-{next(self.numbers)}"
        aws_client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=self.catalog.table.name,
            TargetTableName=name,
            UseLatestRestorableTime=True,
        )
        model = deepcopy((self.batches, self.undone, self.adapters))
        moment = Moment(Catalog(Table(name)), self.s3_time.now_s, model)
        self.moments = [*self.moments[-1:], moment]

    @rule(pick=st.integers(0, 1), faulty=LATER_FAULTY)
    def restore(self, pick, faulty):
        """What was there at a moment is there again, perhaps after a crash and another try; the
        moments before and after it can be restored still.
        """
        if not self.moments:
            return
        moment = self.moments[pick % len(self.moments)]
        restoration = Restoration(self.bucket, self.catalog, moment.past, moment.moment_s)
        found = []
        self._until_done(lambda: found.append(restoration.carry_out(self.user_id)), faulty)
        self.batches, self.undone, self.adapters = deepcopy(moment.model)
        snapshot = begin_snapshot(self.log)
        assert StoredCounts.of(snapshot) == found[-1].after

    # ---------------------------------------------------------------------------- invariants

    @invariant()
    def readers_find_what_the_model_says(self):
        """Rows after one step, runs after the next: looking costs more than doing."""
        self.looks += 1
        if self.looks % 2:
            self.rows_are_those_of_the_model()
        else:
            self.runs_are_those_of_the_model()

    def rows_are_those_of_the_model(self):
        for dataset in DATASETS:
            found = read_all_rows(self.log, dataset, 1_000)
            assert sorted(found) == sorted(self._lines(dataset))
            self._columns_are_of_their_rows(dataset)
        listed = {entry.name: entry.rows for entry in list_datasets(self.log)}
        for dataset in DATASETS:
            assert listed.get(dataset, 0) == len(self._lines(dataset))

    def runs_are_those_of_the_model(self):
        """Each run once; while a backfill goes on, those of older rows may still be missing."""
        found = read_all_runs(self.log)
        wanted = self._run_ids()
        assert all(number == 1 for number in found.values())
        assert found.keys() <= wanted
        if not self.catalog.checkpoint(self.user_id).backfills:
            missing = wanted - found.keys()
            assert all(self._may_be_missing(run_id) for run_id in missing), missing

    @rule()
    def rollups_tell_what_the_rows_tell(self):
        question = UsageQuery(self.user_id, NOON_US - 2 * DAY_US, NOON_US + 8 * DAY_US)
        rolled = summary(self.bucket, self.catalog, question, ReadOptions(exact=False)).stats
        assert rolled["runs"] == read_all_runs(self.log).total()

    def teardown(self):
        self._settle()
        assert maintenance(self.bucket, self.catalog).hold_against_rows(99, _bounded()) == 0
        assert read_all_runs(self.log).keys() == self._run_ids()
        self.rows_are_those_of_the_model()
        maintenance(self.bucket, self.catalog).remove_orphan_versions(_bounded())
        stored = self.bucket.list(f"data/users/{self.user_id}/")
        everything = b"".join(self.bucket.get(each.key) for each in stored)
        assert not [batch_id for batch_id in self.undone if batch_id.encode() in everything]

    # --------------------------------------------------------------------------------- tools

    def _run(self, segment_id: str, dataset: str, number: int, day: int) -> Run:
        return Run(
            run_id=f"run_{segment_id}_{number}",
            ts_us=NOON_US + day * DAY_US,
            dataset=dataset,
            batch_id=f"bat_{segment_id}",
        )

    def _columns_are_of_their_rows(self, dataset: str) -> None:
        """Each stretch of columns has the batches of the volume's rows there, in their order."""
        record = self.log.dataset(dataset)
        for volume in record.volumes if record else ():
            start = 0
            for columns in volume.columns:
                rows = self.bucket.get(
                    volume.key, version_id=volume.version_id, start=start, end=columns.end
                )
                batches = [msgspec.json.decode(line)[BATCH_MEMBER] for line in rows.splitlines()]
                assert batches == _batches_in(self.bucket.get(columns.key))
                start = columns.end

    def _attempt(self, work: Callable[[], object], fault, after: bool, number: int) -> bool:
        """Do the work with a fault at one of its AWS calls; whether it said that it is done."""
        with watched_calls() as calls:
            if fault:
                (calls.after if after else calls.before)[number] = fault
            try:
                work()
            except (Crash, EvalyardError):
                return False
        return True

    def _until_done(self, work: Callable[[], object], faulty) -> bool:
        """Do the work, again when a fault left it open; whether it was done at once."""
        fault, after, number = faulty
        if self._attempt(work, fault, after, number):
            return True
        work()
        return False

    def _other(self) -> None:
        compactor(self.log).drain(_bounded())

    def _settle(self) -> None:
        """Fold, convert and remove all there is; twice, as the last commit's rest is left."""
        self._other()
        self._other()

    def _is_there(self, segment_id: str) -> bool:
        return any(s.name.segment_id == segment_id for s in self.segments.pending(self.user_id))

    def _of(self, dataset: str) -> list[Batch]:
        return [batch for batch in self.batches.values() if batch.dataset == dataset]

    def _lines(self, dataset: str) -> list[str]:
        return [line for batch in self._of(dataset) for line in batch.lines]

    def _run_ids(self) -> set[str]:
        return {
            f"run_{batch_id.removeprefix('bat_')}_{number}"
            for batch_id, batch in self.batches.items()
            for number in batch.converted
        }

    def _may_be_missing(self, run_id: str) -> bool:
        """Whether rows of the run's batch are still to be folded, hence to be converted."""
        pending = {s.name.segment_id for s in self.segments.pending(self.user_id)}
        return run_id.split("_")[1] in pending

    def _visible(self, batch_id: str) -> tuple[int, int]:
        batch = self.batches[batch_id]
        return len(batch.lines), len(batch.converted)


def _batches_in(parquet: bytes) -> list[str]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, connect() as connection:
        Path(file.name).write_bytes(parquet)
        sql = f"SELECT batch FROM read_parquet('{file.name}', file_row_number = true)"
        found = connection.execute(f"{sql} ORDER BY file_row_number").fetchall()
        return [batch for (batch,) in found]


@pytest.fixture
def few_rows_have_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_columns, "STRETCH_BYTES", 300)


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800 * FACTOR)
@pytest.mark.parametrize("half", [1, 2])
def test_readers_find_what_the_model_says_whatever_happens(
    aws, half, s3_time, no_waiting, few_rows_have_columns
):
    # What is there is old, so that the upkeep removes at once what it may.
    s3_time.now -= timedelta(days=30)
    machine = type("Storage", (Storage,), {"s3_time": s3_time})
    run_state_machine_as_test(
        machine if NIGHTLY else seed(half)(machine),
        settings=settings(
            max_examples=12 * FACTOR,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _calls(name: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    """A step of the machine, as its name and arguments."""
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


DATASET, FLAG = st.sampled_from(DATASETS), st.booleans()
FAULT = st.sampled_from([None, crash, lose_answer])
APPEND = _calls(
    "append",
    dataset=DATASET,
    rows=st.integers(1, 3),
    spread=st.just(1),
    repeatable=FLAG,
    late=FLAG,
    fault=FAULT,
    after=FLAG,
)
FOLD = _calls("fold", call=st.integers(0, 25), fault=FAULT, after=FLAG)
STEPS = st.lists(
    st.one_of(
        APPEND,
        APPEND,
        FOLD,
        FOLD,
        _calls("save", dataset=DATASET, backfill=FLAG, faulty=FAULTY),
        _calls("delete", dataset=DATASET, usage=FLAG, twice=st.just(False), faulty=FAULTY),
        _calls("undo", pick=st.integers(0, 9), twice=st.just(False), settle=FLAG, faulty=FAULTY),
        _calls("repeat", pick=st.integers(0, 9)),
        _calls("maintain"),
    ),
    min_size=2,
    max_size=6,
)


@pytest.mark.exhaustive
@pytest.mark.timeout(900 * FACTOR)
def test_what_was_read_is_read_again_when_its_moment_is_restored(
    aws, s3_time, no_waiting, few_rows_have_columns
):
    """Two moments between any steps, or between any two AWS calls of a fold, are restored, the
    later one after the earlier: so a restore is taken back as well.
    """
    s3_time.now -= timedelta(days=30)

    @settings(max_examples=6 * FACTOR, deadline=None, suppress_health_check=list(HealthCheck))
    @given(first=STEPS, second=STEPS, third=STEPS, call=st.integers(0, 15), faulty=LATER_FAULTY)
    def restores(first, second, third, call, faulty):
        machine = type("Storage", (Storage,), {"s3_time": s3_time})()
        _walk(machine, first)
        machine.fold(call=call, fault="remember", after=False)
        _walk(machine, second)
        machine.remember()
        _walk(machine, third)
        machine.restore(pick=0, faulty=faulty)
        _walk(machine, second)
        machine.restore(pick=1, faulty=faulty)
        _walk(machine, first)
        machine.teardown()

    (restores if NIGHTLY else seed(1)(restores))()


def _walk(machine: Storage, steps: list[tuple[str, dict[str, Any]]]) -> None:
    """Look, then take the steps and look after each."""
    machine.rows_are_those_of_the_model()
    machine.runs_are_those_of_the_model()
    for name, arguments in steps:
        getattr(machine, name)(**arguments)
        machine.readers_find_what_the_model_says()


def test_unknown_batch_is_not_found(world):
    world.append()

    with pytest.raises(NotFound):
        revert_batch(world.log, f"bat_{ids.ulid()}")
