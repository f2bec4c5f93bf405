"""Rolling up moves no total, whatever fails or happens meanwhile."""

import pytest

from shared.clock import DAY_US, SECOND_US
from shared.errors import EvalyardError
from shared.storage.assembly import compactor, maintenance
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.optimize import FAN_IN
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.lake.vacuum import ORPHAN_AGE_S
from shared.storage.log import delete_dataset
from shared.usage import ReadOptions, UsageQuery, summary
from tests.kit.effort import some_calls
from tests.kit.faults import Crash, crash, lose_answer, watched_calls
from tests.shared.storage.conftest import NOON_US

ROLLED = ReadOptions(exact=False)


def rolling(world) -> RollupUpkeep:
    return RollupUpkeep(world.log)


def roll_up(world) -> int:
    return rolling(world).roll_up(lambda: True)


def question(world, days=3) -> UsageQuery:
    return UsageQuery(world.user_id, NOON_US - days * DAY_US, NOON_US + days * DAY_US)


def runs_told(world) -> int:
    return summary(world.bucket, world.catalog, question(world), ROLLED).stats["runs"]


def agrees(world) -> bool:
    return world.agrees() and runs_told(world) == world.runs.total()


def uneven(new_world):
    """Days rolled up, with parts that came since, and runs that are not folded."""
    world = new_world()
    world.append(days=(0, -1))
    world.compact()
    roll_up(world)
    world.append(days=(0,))
    world.compact()
    world.append(days=(0,))
    return world


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("fault", "moment", "start"), [(crash, "before", 0), (lose_answer, "after", 1)]
)
def test_totals_stay_when_rolling_up_fails_at_any_call(new_world, fault, moment, start, capsys):
    failures = 0
    for number in some_calls(200, start):
        world = uneven(new_world)
        with watched_calls() as calls:
            getattr(calls, moment)[number] = fault
            try:
                roll_up(world)
            except (Crash, EvalyardError):
                failures += 1
        # What fails for one day costs that day only.
        failures += '"UsersNotServed"' in capsys.readouterr().out
        assert agrees(world), f"after {calls.names}"
        roll_up(world)
        world.compact()
        assert agrees(world), f"after {calls.names} and once more"
        if number >= len(calls.names):
            break

    assert failures >= 4


def rolled_by_another(world) -> None:
    world.append(days=(0,))
    world.compact()
    roll_up(world)


def taken_back(world) -> None:
    segment_id = world.append(days=(0, 1), expect=False)
    world.compact()
    revert_batch(world.log, f"bat_{segment_id}")


@pytest.mark.exhaustive
@pytest.mark.parametrize(("other", "start"), [(rolled_by_another, 0), (taken_back, 2)])
def test_totals_stay_when_another_writes_while_days_are_rolled_up(new_world, other, start):
    for number in some_calls(200, start):
        world = uneven(new_world)
        with watched_calls() as calls:
            calls.before[number] = lambda world=world: other(world)
            roll_up(world)
        assert agrees(world), f"{other.__name__} before call {number} of {calls.names}"
        world.compact()
        roll_up(world)
        assert agrees(world)
        assert rolling(world).hold_against_rows(99, lambda: True) == 0
        if number >= len(calls.names):
            break

    assert number >= 10


@pytest.mark.exhaustive
def test_summary_is_of_one_moment_when_others_write_at_any_of_its_calls(new_world):
    for number in some_calls(60):
        world = uneven(new_world)
        before = world.runs.total()

        def others(world=world):
            taken_back(world)
            rolled_by_another(world)

        with watched_calls() as calls:
            calls.before[number] = others
            told = runs_told(world)
        assert told in (before, world.runs.total()), f"before call {number} of {calls.names}"
        if number >= len(calls.names):
            break


@pytest.mark.exhaustive
def test_parts_stay_few_and_are_rewritten_seldom_when_a_day_is_folded_often(world):
    folds = FAN_IN**2 + 2 * FAN_IN

    with watched_calls() as calls:
        for _ in range(folds):
            world.append()
            world.compact()

    day = world.catalog.day("ada", "2025-12-03")
    assert len(day.parts) <= 3 * FAN_IN
    assert sum(part.rows for part in day.parts) == world.runs.total()
    # A segment, what is kept of it, a version and a part each; besides, a rollup and a merge
    # every eight folds.
    assert calls.names.count("PutObject") <= folds * 4 + folds // FAN_IN * 2 + 2
    assert agrees(world)


@pytest.mark.exhaustive
def test_late_runs_correct_their_day_and_month_when_they_come(world):
    for day in (-2, -1, 0):
        world.append(days=(day,))
    world.compact()
    roll_up(world)
    (gathered,) = world.catalog.months("ada")

    world.append(days=(-1,))
    world.compact()
    late = runs_told(world)
    roll_up(world)

    (corrected,) = world.catalog.months("ada")
    assert late == runs_told(world) == 4
    changed = {day for day in gathered.days if gathered.days[day] != corrected.days[day]}
    assert changed == {"2025-12-02"}
    assert rolling(world).hold_against_rows(99, lambda: True) == 0


@pytest.mark.exhaustive
def test_a_year_is_a_few_objects_when_months_are_gathered(world):
    world.append(days=tuple(range(0, 300, 6)))
    world.compact()
    roll_up(world)
    asked = UsageQuery("ada", NOON_US, NOON_US + 365 * DAY_US)

    with watched_calls() as calls:
        found = summary(world.bucket, world.catalog, asked, ROLLED)

    assert found.stats["runs"] == 50
    assert not found.exact
    # Ten months, and the rows of the day that the window begins in.
    assert calls.names.count("GetObject") <= 12


@pytest.mark.exhaustive
def test_difference_is_told_and_mended_when_a_rollup_is_wrong(world, capsys):
    world.append(days=(0,))
    world.append(days=(1,))
    world.compact()
    roll_up(world)
    one, other = world.catalog.days("ada")
    world.bucket.put(one.rollup.key, world.bucket.get(other.rollup.key))

    found = maintenance(world.bucket, world.catalog).hold_against_rows(99, lambda: True)

    assert found == 1
    assert '"RollupsDiffer":[1' in capsys.readouterr().out
    assert world.catalog.day("ada", one.day).rollup is None
    roll_up(world)
    assert rolling(world).hold_against_rows(99, lambda: True) == 0


def test_nothing_of_runs_stays_in_rollups_when_their_dataset_is_deleted(world):
    world.append(days=(0, 1))
    world.append(days=(1,), dataset="other")
    world.compact()
    roll_up(world)
    before = {stored.key for stored in world.bucket.list("rollups/")}

    delete_dataset(world.log, "d", runs=True)
    told = runs_told(world)
    world.compact()

    days = {day.rollup.key for day in world.catalog.days("ada") if day.rollup}
    after = {stored.key for stored in world.bucket.list("rollups/")}
    assert told == runs_told(world) == 1
    assert days == set()
    assert {key for key in before & after if "date=" in key} == set()


def test_rollups_that_nobody_names_are_removed_when_they_are_old(world, held_clock):
    world.append(days=(0, -1))
    world.compact()
    roll_up(world)
    world.append(days=(0,))
    world.compact()
    roll_up(world)
    stored = {entry.key: entry.modified_s for entry in world.bucket.list("rollups/")}
    held_clock.now_us = int(max(stored.values()) + ORPHAN_AGE_S + 10) * SECOND_US

    maintenance(world.bucket, world.catalog).remove_orphan_parts(lambda: True)

    left = {entry.key for entry in world.bucket.list("rollups/")}
    assert len(stored) - len(left) == 2
    assert agrees(world)


def test_folding_goes_on_when_a_day_cannot_be_rolled_up(world):
    for _ in range(FAN_IN - 1):
        world.append()
        world.compact()
    broken = world.catalog.day("ada", "2025-12-03").parts[0]
    kept = world.bucket.get(broken.key)
    world.bucket.put(broken.key, b"no Parquet at all")
    world.append()
    world.append(days=(1,))

    compactor(world.log).drain(lambda: True)

    assert world.catalog.checkpoint("ada").crowded == ()
    assert list(world.bucket.list("segments/")) == []
    world.bucket.put(broken.key, kept)
    assert agrees(world)
