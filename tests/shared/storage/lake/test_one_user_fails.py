"""Upkeep: what fails for one user, at any step, costs no other, and is made good later."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shared.clock import SECOND_US
from shared.storage.assembly import maintenance
from shared.storage.lake.maintenance import TURN_S, StorageMaintenance
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.lake.vacuum import ORPHAN_AGE_S
from shared.storage.log import SegmentLog, delete_dataset
from shared.turns import MayGoOn
from tests.kit.faults import UNFORESEEN, Calls, Request, about, watched_calls
from tests.shared.storage.conftest import NOON_US, World

USERS = 4


@dataclass(frozen=True)
class Step:
    """A step of the upkeep: how there comes to be something to do, and whether it was done."""

    work: Callable[[StorageMaintenance, MayGoOn], int]
    prepare: Callable[[World], None]
    is_done: Callable[[World], bool]


def folded(world: World) -> None:
    world.append()
    world.compact()


def with_lost_wake_up(world: World) -> None:
    folded(world)
    delete_dataset(world.log, "d", runs=False)
    world.append(dataset="other")
    world.compact()
    item = world.catalog.table.get(f"USER#{world.user_id}", "CHECKPOINT")
    tombstone = {"edit_id": "E", "kind": "delete", "dataset": "d", "generation": 1}
    world.catalog.table.put({"pk": f"USER#{world.user_id}", "sk": "EDIT#E", **tombstone})
    world.catalog.table.put({**(item or {}), "edits": 1})


def with_orphan(world: World) -> None:
    folded(world)
    world.bucket.put(_orphan_of(world), b"left behind")


def without_orphan(world: World) -> bool:
    return not list(world.bucket.list(_orphan_of(world)))


def _orphan_of(world: World) -> str:
    return f"runs/user={world.user_id}/date=2025-12-03/x.parquet"


def with_version_above(world: World) -> None:
    folded(world)
    world.bucket.put(f"data/users/{world.user_id}/datasets/d.jsonl", b"never committed")


def without_version_above(world: World) -> bool:
    record = world.catalog.dataset(world.user_id, "d")
    assert record is not None
    latest = world.bucket.latest(record.volumes[0].key)
    return latest is not None and latest.version_id == record.volumes[0].version_id


def with_wrong_rollup(world: World) -> None:
    world.append(days=(0,))
    world.append(days=(1,))
    world.compact()
    RollupUpkeep(world.log).roll_up(lambda: True)
    one, other = world.catalog.days(world.user_id)
    assert one.rollup
    assert other.rollup
    world.bucket.put(one.rollup.key, world.bucket.get(other.rollup.key))


def has_rollups(world: World) -> bool:
    return all(day.rollup for day in world.catalog.days(world.user_id))


STEPS = {
    "fold": Step(
        StorageMaintenance.flush_missed,
        lambda world: world.append() and None,
        lambda world: not list(SegmentLog(world.bucket).pending(world.user_id)),
    ),
    "edits": Step(
        StorageMaintenance.apply_tombstones,
        with_lost_wake_up,
        lambda world: world.catalog.checkpoint(world.user_id).tombstones == 0,
    ),
    "roll_up": Step(StorageMaintenance.roll_up, folded, has_rollups),
    "orphan_parts": Step(StorageMaintenance.remove_orphan_parts, with_orphan, without_orphan),
    "orphan_versions": Step(
        StorageMaintenance.remove_orphan_versions, with_version_above, without_version_above
    ),
    "hold_against_rows": Step(
        lambda upkeep, may_go_on: upkeep.hold_against_rows(99, may_go_on),
        with_wrong_rollup,
        lambda world: not has_rollups(world),
    ),
}


@pytest.fixture
def worlds(new_world, held_clock) -> list[World]:
    """Users of one AWS; whatever is made for them is old by then."""
    made = [new_world() for _ in range(USERS)]
    held_clock.now_us = 4_000_000_000 * SECOND_US + ORPHAN_AGE_S * SECOND_US
    return made


@pytest.fixture(params=zip(STEPS, [*UNFORESEEN, *UNFORESEEN], strict=False), ids=lambda p: p[0])
def step_and_failure(request) -> tuple[Step, Exception]:
    name, failure = request.param
    return STEPS[name], failure


@pytest.mark.exhaustive
def test_all_others_are_served_when_a_step_fails_for_one(worlds, step_and_failure, capsys):
    step, failure = step_and_failure
    for world in worlds:
        step.prepare(world)
    upkeep = maintenance(worlds[0].bucket, worlds[0].catalog)

    with watched_calls() as calls:
        calls.failing.append((_data_of("user-1"), failure))
        step.work(upkeep, lambda: True)
    served = [step.is_done(world) for world in worlds]
    told = capsys.readouterr().out
    step.work(upkeep, lambda: True)

    assert served == [True, False, True, True]
    assert "UsersNotServed" in told
    assert step.is_done(worlds[1])


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", STEPS)
def test_all_are_served_evenly_when_there_is_time_for_few(worlds, name, held_clock):
    step = STEPS[name]
    for world in worlds:
        step.prepare(world)
    if name == "fold":
        # So that users stay in the listing, by the history of what was folded just now.
        held_clock.now_us = NOON_US
    upkeep = maintenance(worlds[0].bucket, worlds[0].catalog)
    walk = Walk()

    with watched_calls(walk):
        walk.failing.append((_data_of("user-1"), RuntimeError("always")))
        for _ in range(USERS):
            walk.left = 3
            step.work(upkeep, lambda: walk.left > 0)

    turns = [walk.taken.count(world.user_id) for world in worlds]
    assert turns == [3, 3, 3, 3]


def test_others_have_their_turn_when_one_has_more_to_do_than_there_is_time(worlds, held_clock):
    for world in worlds:
        world.append()
    for _ in range(4):
        worlds[0].append()
    upkeep = maintenance(worlds[0].bucket, worlds[0].catalog)
    end_us = held_clock.now_us + 5 * TURN_S * SECOND_US
    slow = Walk()

    with watched_calls(slow):
        # Reading a segment of the first user takes half a minute.
        slow.hooks.append((about("user-0", "GetObject"), lambda: held_clock.advance(TURN_S / 2)))
        upkeep.flush_missed(lambda: held_clock.now_us < end_us)

    pending = [len(list(SegmentLog(world.bucket).pending(world.user_id))) for world in worlds]
    assert pending == [0, 0, 0, 0]
    assert slow.taken == ["user-0", "user-1", "user-2", "user-3"]


class Walk(Calls):
    """Sees whose turn it is by the place that a round keeps, and counts down a run's turns."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []
        self.left = 1_000
        self.hooks: list[tuple[Callable[[Request], bool], Callable[[], object]]] = []

    def made(self, request: Request, call):
        values = request.params.get("ExpressionAttributeValues", {}).values()
        if "ROUND#" in str(request.params.get("Key")):
            names = [value["S"] for value in values if value.get("S")]
            self.taken += names
            self.left -= len(names)
        for concerns, act in self.hooks:
            if concerns(request):
                act()
        return super().made(request, call)


def _data_of(user_id: str) -> Callable[[Request], bool]:
    """Calls about a user; the place of a round, and listings from there on, name them, too."""
    concerns = about(user_id)

    def concerns_data(request: Request) -> bool:
        of_round = "ROUND#" in str(request.params.get("Key")) or "Delimiter" in request.params
        return concerns(request) and not of_round

    return concerns_data
