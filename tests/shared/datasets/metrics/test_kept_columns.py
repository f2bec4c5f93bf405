"""A question is answered alike whether or not folds kept columns, whatever happens to the rows."""

import math
import tempfile
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import ids
from shared.aws import Table
from shared.datasets import Metrics, Units
from shared.datasets.metrics import extraction, folded_rows, row_columns
from shared.errors import NotFound, Unacceptable
from shared.storage import assembly
from shared.storage.assembly import revert_batch
from shared.storage.lake import row_columns as keeping
from shared.storage.lake import vacuum, volumes
from shared.storage.lake.restoring import Restoration
from shared.storage.lake.vacuum import Orphans
from shared.storage.log import Catalog, SegmentLog, delete_dataset
from tests.kit.cloud import aws_client
from tests.kit.effort import FACTOR, examples
from tests.kit.faults import watched_calls
from tests.shared.datasets.metrics.conftest import Dataset, series_of
from tests.shared.datasets.metrics.test_row_columns import ADAPTERS, MEMBERS

NUMBERS = count()
ROW = {"ts": "2025-12-03T18:00:00Z", "device": "a", "model": "m", "latency_ms": 1.5, "x": 2}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of a few rows, and volumes of a few stretches."""
    monkeypatch.setattr(keeping, "STRETCH_BYTES", 300)
    monkeypatch.setattr(volumes, "VOLUME_BYTES", 1_500)
    monkeypatch.setattr(vacuum, "ORPHAN_AGE_S", -10)


def asked(dataset: Dataset, **query: Any) -> Metrics | str:
    """What a process answers that has read nothing yet; or the code of its refusal."""
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", scratch)
        try:
            return dataset.metrics(**query)
        except NotFound as exc:
            return exc.code


def from_rows(dataset: Dataset, **query: Any) -> Metrics | str:
    """The same where no columns can be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folded_rows, "made_by", lambda: "others")
        return asked(dataset, **query)


def kept(dataset: Dataset) -> list[str]:
    """The keys of all columns that the catalog names."""
    record = dataset.log.dataset("d")
    found = record.volumes if record else ()
    return [each.key for volume in found for each in volume.columns if each.key]


def there(dataset: Dataset) -> list[str]:
    """The keys of all columns that a reader of the bucket finds."""
    prefix = f"data/users/{dataset.user_id}/datasets/d/columns/"
    return [stored.key for stored in dataset.bucket.list(prefix)]


QUERIES: tuple[dict[str, Any], ...] = (
    {},
    {"split": "device"},
    {"from_us": 1_764_784_800_000_000},
)
ACTIONS = st.one_of(
    st.tuples(st.just("append"), st.lists(MEMBERS, min_size=1, max_size=5)),
    st.tuples(st.just("append"), st.lists(MEMBERS, min_size=1, max_size=5)),
    st.tuples(st.just("fold"), st.none()),
    st.tuples(st.just("save"), ADAPTERS.filter(bool)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("lose"), st.integers(0, 5)),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("vacuum"), st.none()),
    st.tuples(st.just("ask"), st.sampled_from(QUERIES)),
)


class History:
    """What happens to a dataset of a user of its own; questions are asked in between."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = Dataset(dataset.bucket, dataset.catalog, f"user-{next(NUMBERS)}")
        self.batches: list[str] = []

    def append(self, rows: list[list[tuple[str, str]]]) -> None:
        segment_id = ids.ulid()
        meta = ('"_meta_batch_id"', f'"bat_{segment_id}"')
        lines = [
            "{" + ",".join(f"{key}:{text}" for key, text in [*row, meta]) + "}" for row in rows
        ]
        encoded = [line.encode() for line in lines]
        SegmentLog(self.dataset.bucket).append(
            self.dataset.user_id, "d", encoded, [], segment_id=segment_id, repeatable=False
        )
        self.batches.append(f"bat_{segment_id}")

    def fold(self, _: None) -> None:
        self.dataset.fold()

    def save(self, adapter: Any) -> None:
        names = ("x_field", "device_field", "latency_ms_field", "units", "extra_fields")
        with suppress(Unacceptable):
            self.dataset.save(**{name: getattr(adapter, name) for name in names})

    def undo(self, number: int) -> None:
        if number < len(self.batches):
            revert_batch(self.dataset.log, self.batches.pop(number))

    def lose(self, number: int) -> None:
        self.dataset.bucket.delete(kept(self.dataset)[number : number + 1])

    def delete(self, _: None) -> None:
        delete_dataset(self.dataset.log, "d", runs=True)
        self.batches.clear()

    def ask(self, query: dict[str, Any]) -> None:
        assert asked(self.dataset, **query) == from_rows(self.dataset, **query)

    def vacuum(self, _: None) -> None:
        Orphans(self.dataset.log).remove_versions()


@pytest.mark.timeout(300 * FACTOR)
@settings(max_examples=examples(0.4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTIONS, min_size=3, max_size=10), st.sampled_from([4, 256]))
def test_answers_are_the_same_when_anything_happens(dataset, actions, most_keys) -> None:
    history = History(dataset)
    with pytest.MonkeyPatch.context() as patch:
        for module in (extraction, folded_rows, row_columns):
            patch.setattr(module, "MAX_CANDIDATES", most_keys)
        for name, argument in [*actions, ("fold", None), ("append", [[]]), ("ask", {})]:
            getattr(history, name)(argument)


@pytest.fixture
def covered(dataset: Dataset) -> Dataset:
    """A dataset of which most rows have columns."""
    for number in range(4):
        dataset.append(*[ROW | {"x": number}] * 3, fold=True)
    assert len(kept(dataset)) > 2
    assert kept(dataset) == there(dataset)
    return dataset


def gets(dataset: Dataset) -> int:
    """How many objects, or ranges of them, a question fetches."""
    with watched_calls() as calls:
        asked(dataset)
    return calls.names.count("GetObject")


def test_rows_with_columns_are_not_fetched_when_metrics_are_asked_for(covered: Dataset) -> None:
    record = covered.log.dataset("d")
    assert record
    rests = sum(volume.bytes > volume.columns[-1].end for volume in record.volumes)

    assert gets(covered) == len(kept(covered)) + rests


@pytest.mark.parametrize(
    "rows",
    [
        [ROW, ROW | {"deep": {"y": 1}}, ROW | {"deep": {"z": 2}}],
        [ROW | {f"k{row}{number}": 1 for number in range(6)} for row in range(3)],
    ],
    ids=["nested numbers", "very many keys"],
)
def test_series_are_those_of_all_rows_when_none_are_named(
    dataset: Dataset, monkeypatch, rows: list[dict[str, Any]]
) -> None:
    for module in (extraction, folded_rows, row_columns):
        monkeypatch.setattr(module, "MAX_CANDIDATES", 12)
    for row in rows:
        dataset.append(row, row, row, fold=True)
    assert len(kept(dataset)) >= 2

    found, wanted = asked(dataset), from_rows(dataset)

    assert found == wanted


def test_zero_has_no_sign_when_both_zeros_are_there(dataset: Dataset) -> None:
    zeros = [ROW | {"latency_ms": number} for number in (-0.0, 0.0, -0.0, 0.0)]
    dataset.append(*zeros, *reversed(zeros), fold=True)
    dataset.append(zeros[0])
    assert kept(dataset)

    for found in (asked(dataset), from_rows(dataset)):
        assert isinstance(found, Metrics)
        values = [value for _, value in series_of(found, "latency_ms").points]
        assert [math.copysign(1, value) for value in values] == [1.0] * 9


def test_number_is_missing_when_its_scale_makes_it_too_large(dataset: Dataset) -> None:
    dataset.append(*[ROW | {"latency_ms": 1e308}] * 5, fold=True)
    assert kept(dataset)
    dataset.save(units=Units(latency_ms="s"))

    found = asked(dataset)

    assert isinstance(found, Metrics)
    assert series_of(found, "latency_ms").summary.n == 0


def test_a_small_dataset_has_no_columns_when_it_is_folded(dataset: Dataset) -> None:
    dataset.append({"x": 1}, fold=True)

    assert there(dataset) == []


def test_a_fold_makes_few_columns_when_many_rows_have_none(dataset: Dataset, monkeypatch) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "STRETCH_BYTES", 10**6)
        dataset.append(*[ROW] * 30, fold=True)
    dataset.append(ROW)

    with watched_calls() as calls:
        dataset.fold()

    # The rows, the archive, and columns of three stretches.
    assert calls.names.count("PutObject") == 2 + keeping.STRETCHES_A_FOLD
    assert len(kept(dataset)) == keeping.STRETCHES_A_FOLD


def test_no_columns_are_made_when_metrics_refuse_the_dataset(dataset: Dataset) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "COLUMNS", replace(assembly.COLUMNS, most_bytes=400))
        dataset.append(*[ROW] * 4, fold=True)

    assert there(dataset) == []


def test_rows_are_folded_when_older_ones_are_gone(dataset: Dataset) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "STRETCH_BYTES", 10**6)
        dataset.append(*[ROW] * 12, fold=True)
    record = dataset.log.dataset("d")
    assert record
    first = record.volumes[0]
    dataset.bucket.delete_versions(first.key, [first.version_id])

    dataset.append(*[ROW] * 3, fold=True)

    after = dataset.log.dataset("d")
    assert after
    assert [(volume.rows, bool(volume.columns)) for volume in after.volumes] == [
        (12, False),
        (3, True),
    ]


def test_columns_are_made_again_when_others_made_them(covered: Dataset) -> None:
    before = kept(covered)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_columns, "made_by", lambda: "next")
        for _ in range(len(before)):
            covered.append(ROW, fold=True)

        assert set(kept(covered)).isdisjoint(before)
        assert len(kept(covered)) >= len(before)


def test_only_columns_before_it_stay_when_a_batch_is_taken_out(dataset: Dataset) -> None:
    batches = [dataset.append(*[ROW] * 3, fold=True) for _ in range(4)]
    record = dataset.log.dataset("d")
    assert record
    volume, batch_from = record.volumes[0], record.volumes[0].bytes // 2
    stay = tuple(each for each in volume.columns if each.end <= batch_from)
    assert 0 < len(stay) < len(volume.columns)

    revert_batch(dataset.log, batches[2])
    dataset.fold()

    after = dataset.log.dataset("d")
    assert after
    assert after.volumes[0].columns == stay
    assert there(dataset) == kept(dataset)
    assert asked(dataset) == from_rows(dataset)


def test_no_columns_are_left_when_the_dataset_is_deleted(covered: Dataset) -> None:
    delete_dataset(covered.log, "d", runs=True)
    covered.fold()

    assert there(covered) == []


def test_uncommitted_columns_go_and_named_ones_stay_when_orphans_are_removed(
    covered: Dataset,
) -> None:
    named = kept(covered)
    covered.bucket.put(f"data/users/{covered.user_id}/datasets/d/columns/x.parquet", b"")

    removed = Orphans(covered.log).remove_versions()

    assert removed == 1
    assert there(covered) == kept(covered) == named


@pytest.mark.parametrize("failure", [RuntimeError, NotFound])
def test_rows_are_folded_when_no_columns_can_be_made(
    dataset: Dataset, monkeypatch, failure: type[Exception]
) -> None:
    def fail(*_: object) -> bool:
        raise failure("no columns today")

    monkeypatch.setattr(row_columns, "write_columns", fail)
    dataset.append(*[ROW] * 7, fold=True)
    answer = asked(dataset)

    assert (kept(dataset), there(dataset)) == ([], [])
    assert isinstance(answer, Metrics)
    assert answer.rows == 7
    with watched_calls() as calls:
        dataset.append(ROW, fold=True)
    # The stretches that have none are not tried again: one read is of the segment, one of rows.
    assert calls.names.count("GetObject") == 2


@pytest.mark.usefixtures("no_waiting")
def test_no_columns_are_named_when_a_moment_is_put_back(covered: Dataset, s3_time) -> None:
    name = f"past-{next(NUMBERS)}"
    aws_client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=covered.catalog.table.name, TargetTableName=name,
        UseLatestRestorableTime=True,
    )  # fmt: skip
    past, moment_s, before = Catalog(Table(name)), s3_time.now_s, asked(covered)
    covered.append(*[ROW] * 9, fold=True)
    covered.append(ROW, fold=True)

    Restoration(covered.bucket, covered.catalog, past, moment_s).carry_out(covered.user_id)

    assert kept(covered) == []
    assert asked(covered) == before
    covered.append(ROW, fold=True)
    assert kept(covered) != []
    assert asked(covered) == from_rows(covered)
