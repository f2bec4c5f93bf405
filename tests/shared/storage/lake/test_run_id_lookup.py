"""Which run ids are there: found wherever they lie, without looking where they cannot."""

from collections import Counter

import pytest

from shared import ids
from shared.clock import DAY_US
from shared.runs import Run
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.run_id_lookup import existing_run_ids
from shared.storage.log import SegmentLog, read_snapshot
from tests.kit.faults import watched_calls
from tests.shared.storage.conftest import NOON_US


@pytest.fixture
def bring(world):
    """Stores runs with given ids as an import does; the batch's id."""

    def store(*run_ids: str, days: int = 1) -> str:
        segment_id = ids.ulid()
        batch_id = f"bat_{segment_id}"
        runs = [
            Run(run_id=run_id, ts_us=NOON_US + number % days * DAY_US, batch_id=batch_id)
            for number, run_id in enumerate(run_ids)
        ]
        SegmentLog(world.bucket).append(
            world.user_id, "", [], runs, segment_id=segment_id, repeatable=False
        )
        return batch_id

    return store


@pytest.fixture
def known(world):
    """The ids of some that are there."""

    def look(*run_ids: str, but_batch: str = "") -> set[str]:
        return read_snapshot(
            world.log,
            lambda snapshot: existing_run_ids(snapshot, run_ids, but_batch=but_batch),
        )

    return look


@pytest.mark.parametrize("folded", [True, False])
def test_id_is_known_when_an_import_or_an_append_brought_it(world, bring, known, folded):
    bring("a", "b", days=2)
    segment_id = world.append(days=(0, 1))
    if folded:
        world.compact()

    found = known("a", "b", "c", f"run_{segment_id}_1", f"run_{segment_id}_2", "run__", "")

    assert found == {"a", "b", f"run_{segment_id}_1"}


@pytest.mark.parametrize("folded", [True, False])
def test_own_batch_does_not_count(world, bring, known, folded):
    batch_id = bring("a", "b")
    bring("b")
    if folded:
        world.compact()

    assert known("a", "b", but_batch=batch_id) == {"b"}


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("applied", [True, False])
def test_id_is_not_known_when_its_batch_was_undone(world, bring, known, folded, applied):
    batch_id = bring("a", "b")
    bring("b", "c")
    if folded:
        world.compact()
    revert_batch(world.log, batch_id)
    if applied:
        world.compact()

    assert known("a", "b", "c") == {"b", "c"}


def test_id_is_known_when_its_import_is_folded_in_part(world, bring, known):
    bring(*(f"r{n}" for n in range(60)), days=60)
    from shared.storage.assembly import compactor

    compactor(world.log).step()

    assert len(known(*(f"r{n}" for n in range(70)))) == 60


@pytest.mark.parametrize("appends", [1, 6])
def test_objects_of_others_are_not_read_when_ids_name_their_batch(world, bring, known, appends):
    first = world.append(days=(0,))
    world.compact()
    for _ in range(appends):
        world.append(days=(1,))
        world.compact()
        world.append(days=(2,))

    with watched_calls() as calls:
        found = known(f"run_{first}_0")

    assert found == {f"run_{first}_0"}
    assert Counter(calls.names) == {
        "GetItem": 2, "ListObjectsV2": 1, "Query": 1, "GetObject": 1
    }  # fmt: skip


def test_parts_are_fetched_once_when_they_are_looked_into_again(world, bring, known):
    bring(*(f"r{n}" for n in range(6)), days=3)
    world.compact()
    known("r1")

    with watched_calls() as calls:
        assert known("r1", "r2", "x") == {"r1", "r2"}

    assert "GetObject" not in calls.names


def test_nothing_is_asked_when_nothing_is_wanted(world, known):
    with watched_calls() as calls:
        assert known() == set()

    assert set(calls.names) <= {"GetItem", "ListObjectsV2"}


def test_ids_are_found_when_there_are_more_parts_than_are_read_at_once(
    world, bring, known, monkeypatch
):
    monkeypatch.setattr("shared.storage.lake.run_id_lookup._PARTS_AT_ONCE", 2)
    bring(*(f"r{n}" for n in range(7)), days=7)
    world.compact()

    assert known(*(f"r{n}" for n in range(9))) == {f"r{n}" for n in range(7)}
