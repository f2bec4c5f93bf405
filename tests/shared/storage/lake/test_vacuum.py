"""What the window no longer needs goes, by the moment in which it was replaced."""

from datetime import timedelta

import pytest

from shared.clock import SECOND_US
from shared.storage.assembly import maintenance
from shared.storage.lake.vacuum import ORPHAN_AGE_S
from shared.storage.log import delete_dataset
from tests.kit.faults import Crash, crash, watched_calls

DAY_S = 86_400


@pytest.fixture
def pass_time(s3_time, held_clock):
    """Lets time pass, for S3 and for us, from the last write on."""

    def wait(seconds: float) -> None:
        s3_time.now += timedelta(seconds=seconds)
        held_clock.now_us = int(s3_time.now_s * SECOND_US)

    return wait


def expire(world, days: int = 7) -> int:
    return maintenance(world.bucket, world.catalog).expire(days, lambda: True)


def versions(world, prefix: str) -> int:
    return len([v for v in world.bucket.history(prefix) if not v.is_delete_marker])


def test_replaced_and_deleted_objects_stay_when_the_window_is_open(world, pass_time):
    world.append()
    world.compact()
    delete_dataset(world.log, "d", runs=True)
    world.compact()
    pass_time(7 * DAY_S - 60)

    removed = expire(world)

    assert removed == 0
    assert (versions(world, "data/"), versions(world, "runs/"), versions(world, "folded/")) == (
        1,
        1,
        1,
    )


def test_nothing_is_left_of_what_was_deleted_when_the_window_has_passed(world, pass_time):
    world.append()
    world.compact()
    delete_dataset(world.log, "d", runs=True)
    world.compact()
    pass_time(7 * DAY_S + 60)

    expire(world)
    maintenance(world.bucket, world.catalog).flush_missed(lambda: True)

    assert list(world.bucket.history("")) == []


def test_what_is_current_stays_however_old(world, pass_time):
    world.append()
    world.compact()
    pass_time(400 * DAY_S)

    expire(world)

    assert world.agrees()


def test_version_that_was_replaced_lately_stays_however_old_it_is(world, pass_time):
    world.bucket.put("jobs/ada/1/log.txt", b"old")
    pass_time(30 * DAY_S)
    world.bucket.put("jobs/ada/1/log.txt", b"new")
    pass_time(7 * DAY_S - 60)

    early = expire(world)
    pass_time(120)
    late = expire(world)

    assert (early, late) == (0, 1)
    assert world.bucket.get("jobs/ada/1/log.txt") == b"new"


def test_nothing_expires_when_lifecycle_rules_do_it(world, pass_time):
    world.append()
    world.compact()
    pass_time(400 * DAY_S)

    assert expire(world, days=0) == 0
    assert versions(world, "folded/") == 1


def test_committed_version_is_the_newest_again_when_a_fold_died_above_it(world, pass_time):
    world.append()
    world.compact()
    world.append()
    with watched_calls() as calls:
        calls.before_each["TransactWriteItems"] = crash
        with pytest.raises(Crash):
            world.compact()
    volume = world.catalog.dataset("ada", "d").volumes[0]
    assert world.bucket.latest(volume.key).version_id != volume.version_id
    pass_time(ORPHAN_AGE_S + 60)

    maintenance(world.bucket, world.catalog).remove_orphan_versions(lambda: True)

    assert world.bucket.latest(volume.key).version_id == volume.version_id
    assert world.agrees()


def test_committed_version_is_the_newest_again_when_a_marker_came_above_it(world, pass_time):
    world.append()
    world.compact()
    volume = world.catalog.dataset("ada", "d").volumes[0]
    world.bucket.delete([volume.key])
    pass_time(ORPHAN_AGE_S + 60)

    maintenance(world.bucket, world.catalog).remove_orphan_versions(lambda: True)

    assert world.bucket.latest(volume.key).version_id == volume.version_id
