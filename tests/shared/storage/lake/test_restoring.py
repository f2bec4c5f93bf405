"""What was there at a moment is there again: exactly, whatever was done since, whatever fails."""

from dataclasses import dataclass
from itertools import count

import msgspec
import pytest

from shared import ids
from shared.aws import Table
from shared.datasets import PageRequest, read_rows
from shared.errors import Unavailable
from shared.storage.assembly import compactor, maintenance
from shared.storage.lake import volumes
from shared.storage.lake.batch_revert import revert_batch
from shared.storage.lake.maintenance import HISTORY_AGE_S
from shared.storage.lake.restoring import Restoration, RestoreImpossible
from shared.storage.lake.stored_counts import StoredCounts
from shared.storage.log import Catalog, SegmentLog, begin_snapshot, delete_dataset
from shared.storage.log.records import CHECKPOINT, COMMITTED, partition
from tests.kit.cloud import aws_client
from tests.kit.effort import some_calls
from tests.kit.faults import Crash, crash, watched_calls

NUMBERS = count()
pytestmark = pytest.mark.usefixtures("no_waiting")


@dataclass
class Moment:
    """A moment, with what was read then."""

    past: Catalog
    moment_s: float
    rows: object
    runs: object

    def restoration(self, world) -> Restoration:
        return Restoration(world.bucket, world.catalog, self.past, self.moment_s)

    def restore(self, world):
        return self.restoration(world).carry_out("ada")

    def is_back(self, world) -> bool:
        return (self.rows, self.runs) == (world.read_rows(), world.read_runs())


@pytest.fixture
def remember(s3_time):
    """Copies the catalog and notes what is read: a moment that can be restored."""

    def note(world) -> Moment:
        name = f"past-{next(NUMBERS)}"
        aws_client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=world.catalog.table.name,
            TargetTableName=name,
            UseLatestRestorableTime=True,
        )
        return Moment(Catalog(Table(name)), s3_time.now_s, world.read_rows(), world.read_runs())

    return note


def test_pending_segment_is_back_when_it_was_folded_and_its_history_forgotten(
    world, remember, held_clock, s3_time
):
    world.append()
    moment = remember(world)
    world.compact()
    held_clock.now_us = int((s3_time.now_s + HISTORY_AGE_S + 5) * 1_000_000)
    maintenance(world.bucket, world.catalog).flush_missed(lambda: True)

    done = moment.restore(world)

    assert (done.segments_put, done.after.pending) == (1, 1)
    assert moment.is_back(world)
    world.compact()
    assert moment.is_back(world)


def test_rows_are_back_when_their_version_was_folded_over_many_times(world, remember):
    world.append()
    world.compact()
    moment = remember(world)
    for _ in range(2 + volumes.SUPERSEDED_KEPT):
        world.append()
        world.compact()

    done = moment.restore(world)

    assert done.volumes_copied == 1
    assert moment.is_back(world)
    volume = world.catalog.dataset("ada", "d").volumes[0]
    assert world.bucket.latest(volume.key).version_id == volume.version_id


def test_large_volume_is_cut_out_of_a_longer_one_when_its_version_is_gone(world, remember):
    fat = [b'{"x":"%s","_meta_batch_id":"bat_1"}' % (b"x" * 2**20) for _ in range(6)]
    log = SegmentLog(world.bucket)
    log.append("ada", "d", fat, [], segment_id=ids.ulid(), repeatable=False)
    world.compact()
    moment = remember(world)
    for _ in range(2 + volumes.SUPERSEDED_KEPT):
        world.append()
        world.compact()
    with watched_calls() as calls:
        moment.restore(world)

    assert "UploadPartCopy" in calls.names
    assert world.catalog.dataset("ada", "d").rows == 6
    assert moment.is_back(world)


def test_dataset_and_its_runs_are_back_when_it_was_deleted_and_begun_again(world, remember):
    world.append()
    world.compact()
    moment = remember(world)
    delete_dataset(world.log, "d", runs=True)
    world.compact()
    world.append()
    world.compact()

    moment.restore(world)

    assert moment.is_back(world)


def test_batch_is_back_when_it_was_undone(world, remember):
    world.append()
    segment_id = world.append()
    world.compact()
    moment = remember(world)
    revert_batch(world.log, f"bat_{segment_id}")
    world.compact()

    moment.restore(world)

    assert moment.is_back(world)
    again = revert_batch(world.log, f"bat_{segment_id}")
    assert (again.rows, again.runs, again.already) == (2, 1, False)


def test_restore_is_taken_back_when_a_later_moment_is_restored(world, remember):
    world.append()
    world.compact()
    early = remember(world)
    world.append()
    world.compact()
    world.append()
    late = remember(world)

    early.restore(world)
    assert early.is_back(world)
    world.append()
    world.compact()
    late.restore(world)

    assert late.is_back(world)
    world.compact()
    assert late.is_back(world)


def test_nothing_is_changed_when_it_is_only_looked(world, remember):
    world.append()
    moment = remember(world)
    world.append()
    world.compact()
    before = (world.read_rows(), world.read_runs(), world.catalog.checkpoint("ada"))

    found = moment.restoration(world).look("ada")

    assert (world.read_rows(), world.read_runs(), world.catalog.checkpoint("ada")) == before
    assert (sum(found.before.rows.values()), sum(found.after.rows.values())) == (4, 2)


def test_nothing_is_to_be_done_when_it_is_restored_already(world, remember):
    world.append()
    world.compact()
    moment = remember(world)
    world.append()
    world.compact()
    moment.restore(world)

    again = moment.restoration(world).look("ada")

    # The copy of the rows stands for the version of then.
    assert (again.segments_put, again.objects_undeleted) == (0, 0)
    assert again.before == again.after


def test_restore_is_refused_when_an_object_of_then_is_gone(world, remember):
    world.append()
    world.compact()
    moment = remember(world)
    (part,) = world.catalog.day("ada", "2025-12-03").parts
    world.bucket.delete_history(list(world.bucket.history(part.key)))
    checkpoint = world.catalog.checkpoint("ada")

    with pytest.raises(RestoreImpossible) as refused:
        moment.restore(world)

    assert refused.value.missing == [part.key]
    assert world.catalog.checkpoint("ada") == checkpoint


@pytest.mark.parametrize(
    ("sort_key", "change"),
    [
        (CHECKPOINT, {"generation": 0}),
        ("DAY#2025-12-03", {COMMITTED: 0}),
        ("TOTALS", {COMMITTED: 2}),
        (CHECKPOINT, {"edits": 1}),
        (CHECKPOINT, {"restoring": True}),
    ],
)
def test_restore_is_refused_when_the_table_has_half_a_commit(world, remember, sort_key, change):
    world.append()
    world.compact()
    moment = remember(world)
    item = moment.past.table.get(partition("ada"), sort_key)
    moment.past.table.put({**item, **change})
    moment.moment_s = item.get("updated_us", 0) / 1_000_000 or moment.moment_s

    with pytest.raises(RestoreImpossible, match="choose a moment"):
        moment.restoration(world).look("ada")


def test_readers_and_writers_are_asked_to_come_back_while_it_is_restored(world, remember):
    segment_id = world.append()
    world.compact()
    moment = remember(world)
    world.append()
    world.compact()
    with watched_calls() as calls:
        calls.before_each["BatchWriteItem"] = crash
        with pytest.raises(Crash):
            moment.restore(world)

    with pytest.raises(Unavailable, match="restored"):
        read_rows(world.log, "d", PageRequest(1))
    with pytest.raises(Unavailable):
        revert_batch(world.log, f"bat_{segment_id}")
    assert compactor(world.log).step() is None
    moment.restore(world)
    assert moment.is_back(world)


def test_appended_row_is_kept_when_it_comes_while_it_is_restored(world, remember):
    world.append()
    world.compact()
    moment = remember(world)
    world.append()
    world.compact()

    with watched_calls() as calls:
        calls.before_each["BatchWriteItem"] = world.append
        moment.restore(world)

    assert world.read_rows().total() == moment.rows.total() + 2


def test_other_users_are_as_they_were_when_one_is_restored(new_world, remember, s3_time):
    ada, eve = new_world(), new_world()
    for world in (ada, eve):
        world.append()
        world.compact()
    moment = remember(ada)
    for world in (ada, eve):
        world.append()
        world.compact()

    moment.restoration(ada).carry_out(ada.user_id)

    assert ada.read_rows() == moment.rows
    assert eve.agrees()


def _changed_world(world, remember) -> Moment:
    """A world with something to be done of every kind, and the moment before."""
    world.append(days=(0, 1))
    segment_id = world.append()
    world.compact()
    world.append()
    moment = remember(world)
    revert_batch(world.log, f"bat_{segment_id}")
    world.compact()
    world.append()
    world.compact()
    world.append()
    return moment


@pytest.mark.exhaustive
def test_moment_is_back_when_a_restore_dies_at_any_call_and_is_begun_again(new_world, remember):
    with watched_calls() as calls:
        world = new_world()
        world.user_id = "ada"
        moment = _changed_world(world, remember)
        before = len(calls.names)
        moment.restore(world)
    restoring = len(calls.names) - before
    assert moment.is_back(world)

    for number in some_calls(restoring, share=6):
        moment = _again(moment, world, number)


def _again(moment, world, number: int) -> Moment:
    """The present is spoilt, and a restore of it dies at a call; the moment is back after all."""
    world.append()
    world.compact()
    delete_dataset(world.log, "d", runs=True)
    world.compact()
    with watched_calls() as calls:
        calls.after[number] = crash
        try:
            moment.restore(world)
        except Crash:
            moment.restore(world)
    assert moment.is_back(world)
    return moment


@pytest.mark.exhaustive
def test_moment_between_any_two_calls_of_a_fold_is_back_when_it_is_restored(world, remember):
    world.append(days=(0, 1))
    world.compact()
    for number in some_calls(14):
        world.append()
        world.append(dataset="d")
        found: list[Moment] = []
        with watched_calls() as calls:
            calls.before[number] = lambda found=found: found.append(remember(world))
            world.compact()
        world.append()
        world.compact()
        for moment in found:
            done = moment.restore(world)
            assert moment.is_back(world), number
            snapshot = begin_snapshot(world.log)
            assert StoredCounts.of(snapshot) == done.after


def test_figures_are_plain_values():
    figures = StoredCounts(rows={"d": 2}, runs=1, pending=0)

    assert msgspec.to_builtins(figures) == {"rows": {"d": 2}, "runs": 1, "pending": 0}
