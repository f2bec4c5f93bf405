"""What is kept of the catalog makes reads cheaper, and never makes one older."""

from collections.abc import Callable

import pytest

from shared.storage.lake.batch_revert import revert_batch
from shared.storage.log import delete_dataset, kept
from tests.kit.faults import watched_calls
from tests.shared.storage.conftest import World

REPEATABLE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def read_before(world: World) -> World:
    """The world with two folded days that a reader has seen."""
    world.append(days=(0, -1))
    world.compact()
    assert world.read_runs() == world.runs
    return world


def test_two_calls_are_made_when_nothing_was_committed_since(world):
    read_before(world)
    world.append()

    with watched_calls() as calls:
        assert world.read_runs() == world.runs

    # And the objects: two parts and the segment.
    assert [name for name in calls.names if name != "GetObject"] == ["ListObjectsV2", "GetItem"]
    assert calls.names.count("GetObject") == 3


def append(world: World) -> None:
    world.append()


def fold(world: World) -> None:
    world.append()
    world.compact()


def fold_twice(world: World) -> None:
    world.append(segment_id=REPEATABLE)
    world.compact()
    world.append(expect=False, rows=0, days=())
    world.compact()


def undo(world: World) -> None:
    segment_id = world.append(expect=False)
    world.compact()
    revert_batch(world.log, f"bat_{segment_id}")


def delete(world: World) -> None:
    world.append(dataset="e", expect=False)
    world.compact()
    delete_dataset(world.log, "e", runs=True)


CHANGES = (append, fold, fold_twice, undo, delete)


@pytest.mark.parametrize("change", CHANGES)
def test_next_reader_finds_what_was_changed_when_another_read_before(world, change):
    read_before(world)

    change(world)

    assert world.agrees()
    assert world.agrees()


@pytest.mark.parametrize("change", CHANGES)
def test_reader_finds_before_or_after_when_a_change_comes_at_any_of_its_calls(
    new_world, change: Callable[[World], None]
):
    for number in range(60):
        world = read_before(new_world())
        world.append()
        before = world.runs.copy()
        with watched_calls() as calls:
            calls.before[number] = lambda world=world: change(world)
            found = world.read_runs()
        assert found in (before, world.runs), f"changed before call {number} of {calls.names}"
        assert world.read_runs() == world.runs
        if number >= len(calls.names):
            break

    assert number >= 5


def test_log_that_began_again_is_another_when_it_reached_the_same_generation(world):
    read_before(world)
    generation = world.log.checkpoint().generation
    table, user = world.catalog.table, f"USER#{world.user_id}"
    table.delete_many([(user, item["sk"]) for item in table.query(user)])
    world.bucket.delete([each.key for each in world.bucket.list("segments/")])
    world.runs.clear()

    world.append(days=(3,))
    world.compact()

    assert world.log.checkpoint().generation == generation
    assert world.read_runs() == world.runs


def test_nothing_is_kept_when_nothing_was_ever_committed(world):
    world.append()

    assert world.read_runs() == world.runs
    assert kept.take_kept(world.log) is None


def test_those_read_longest_ago_go_when_much_is_kept(new_world, monkeypatch):
    monkeypatch.setattr(kept, "_MOST_RECORDS", 12)
    worlds = [read_before(new_world()) for _ in range(3)]
    assert worlds[1].read_runs() == worlds[1].runs

    # A user's two days have a part each, and the checkpoint counts as well.
    assert [kept.take_kept(world.log) is None for world in worlds] == [True, False, False]
