"""Folding: what was pending is committed, once, whatever fails and whoever else folds."""

import pytest

from shared.clock import SECOND_US
from shared.errors import EvalyardError
from shared.storage.assembly import compactor, maintenance
from shared.storage.lake import parts, volumes
from shared.storage.lake.vacuum import ORPHAN_AGE_S
from shared.storage.log import SegmentLog
from tests.kit.effort import some_calls
from tests.kit.faults import Crash, crash, lose_answer, watched_calls


def pending_keys(world) -> list[str]:
    return [segment.name.key for segment in SegmentLog(world.bucket).pending(world.user_id)]


def test_rows_lie_at_the_published_key_when_folded(world):
    world.append()
    world.append()

    folded = world.compact()

    body = world.bucket.get("data/users/ada/datasets/d.jsonl")
    assert folded == 2
    assert body.count(b"\n") == 4
    assert pending_keys(world) == []
    assert world.agrees()


def test_runs_lie_in_their_own_days_when_folded(world):
    world.append(days=(0, -3, 1))

    world.compact()

    days = [record.day for record in world.catalog.days("ada", "2025-01-01", "2026-01-01")]
    assert days == ["2025-11-30", "2025-12-03", "2025-12-04"]
    assert world.agrees()


def test_append_order_is_kept_when_segments_are_folded_in_turns(world):
    for number in range(4):
        world.append(rows=3)
        if number % 2:
            world.compact()

    assert list(world.read_rows()) == list(world.rows)
    assert list(world.read_rows(page=5)) == list(world.rows)


def test_small_parts_of_a_day_are_merged_when_there_are_many(world):
    for _ in range(parts.CROWDED_AT_PARTS + 2):
        world.append()
        world.compact()

    assert len(world.catalog.day("ada", "2025-12-03").parts) < parts.CROWDED_AT_PARTS
    assert world.agrees()


def test_dataset_grows_by_server_side_copy_when_it_is_large(world, monkeypatch):
    world.append(rows=1)
    world.compact()
    # moto, like S3, refuses multipart parts below 5 MiB except the last.
    wide = b'{"pad":"' + b"x" * 200_000 + b'"}'
    SegmentLog(world.bucket).append(
        "ada", "d", [wide] * 30, [], segment_id="0" * 26, repeatable=False
    )
    world.compact()
    world.append(rows=1)

    with watched_calls() as calls:
        world.compact()

    record = world.catalog.dataset("ada", "d")
    assert "UploadPartCopy" in calls.names
    assert record.rows == 32
    stored = world.bucket.get(record.volumes[0].key)
    assert stored.count(b"\n") == 32
    assert len(stored) == record.bytes


def test_next_volume_begins_when_one_is_full(world, monkeypatch):
    monkeypatch.setattr(volumes, "VOLUME_BYTES", 100)
    for _ in range(4):
        world.append(rows=2)
        world.compact()

    record = world.catalog.dataset("ada", "d")
    assert [volume.key for volume in record.volumes][:2] == [
        "data/users/ada/datasets/d.jsonl",
        "data/users/ada/datasets/d/000001.jsonl",
    ]
    assert world.agrees()


def test_nothing_doubles_when_a_repeatable_segment_comes_again_after_folding(world):
    segment_id = world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    world.compact()
    world.compact()

    world.append(segment_id=segment_id, expect=False)

    assert world.agrees()
    assert world.compact() == 0
    assert pending_keys(world) == []
    assert world.agrees()


def test_one_of_two_is_taken_when_a_repeatable_segment_has_two_names(world):
    # An adapter saved between two tries of one call changes the runs, hence the key.
    segment_id = world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV", days=(0,))
    world.append(segment_id=segment_id, days=(), expect=False)
    assert len(pending_keys(world)) == 2

    before = world.read_rows()
    world.compact()
    world.compact()

    assert before == world.read_rows() == world.rows
    assert pending_keys(world) == []


@pytest.mark.exhaustive
def test_segment_is_folded_in_steps_when_its_runs_spread_over_many_days(world):
    world.append(days=tuple(range(-130, 0)))
    world.append(days=(0,))
    folding = compactor(world.log)

    steps = []
    while (finished := folding.step()) is not None:
        steps.append(finished)
        assert world.agrees()

    assert steps == [0, 0, 1, 1]
    assert pending_keys(world) == []


@pytest.mark.exhaustive
def test_twin_is_left_out_when_its_segment_is_half_folded(world):
    days = tuple(range(-60, 0))
    segment_id = world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV", days=days)
    compactor(world.log).step()

    world.append(segment_id=segment_id, days=(), expect=False)

    assert world.agrees()
    world.compact()
    world.compact()
    assert world.agrees()
    assert pending_keys(world) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(("fault", "start"), [(crash, 0), (lose_answer, 1)])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_row_is_there_once_when_folding_fails_at_any_call(new_world, fault, start, moment):
    failures = 0
    for number in some_calls(200, start, share=2):
        world = new_world()
        world.append(days=(0, -1))
        world.compact()
        world.append()
        world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV", days=(1,))
        with watched_calls() as calls:
            getattr(calls, moment)[number] = fault
            try:
                world.compact()
            except (Crash, EvalyardError):
                failures += 1
        assert world.agrees(), f"after {calls.names}"
        world.compact()
        assert world.agrees(), f"after {calls.names} and another compaction"
        assert pending_keys(world) == []
        if number >= len(calls.names):
            break

    assert failures >= 5


@pytest.mark.exhaustive
def test_every_row_is_there_once_when_another_compaction_runs_at_any_call(new_world):
    for number in range(200):
        world = new_world()
        world.append()
        world.compact()
        world.append(days=(0, -1))
        world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
        with watched_calls() as calls:
            calls.before[number] = world.compact
            world.compact()
        assert world.agrees(), f"compaction before call {number} of {calls.names}"
        assert pending_keys(world) == []
        if number >= len(calls.names):
            break

    assert number >= 10


@pytest.mark.exhaustive
def test_reader_sees_every_row_once_when_folding_runs_at_any_of_its_calls(new_world):
    for read in ("read_rows", "read_runs", "listed_rows"):
        for number in range(60):
            world = new_world()
            world.append(days=(0, -1))
            world.compact()
            world.append()
            world.append(segment_id="01ARZ3NDEKTSV4RRFFQ69G5FAV")

            def fold_twice(world=world):
                world.compact()
                world.append(expect=False, rows=0, days=())
                world.compact()

            with watched_calls() as calls:
                calls.before[number] = fold_twice
                found = getattr(world, read)()
            expected = {
                "read_rows": world.rows,
                "read_runs": world.runs,
                "listed_rows": world.rows.total(),
            }[read]
            assert found == expected, f"{read}: folded before call {number} of {calls.names}"
            if number >= len(calls.names):
                break


def test_committed_version_is_the_newest_again_when_a_race_is_lost(world):
    world.append()
    with watched_calls() as calls:
        # The first compaction is overtaken just before it commits.
        overtaking = iter([world.compact])
        calls.before_each["TransactWriteItems"] = lambda: next(overtaking, int)()
        world.compact()

    assert not list(overtaking)
    record = world.catalog.dataset("ada", "d")
    versions = world.bucket.versions(record.volumes[0].key)
    assert versions[0][0] == record.volumes[0].version_id
    assert world.agrees()


def test_orphans_are_removed_when_they_are_old(world, held_clock):
    world.append()
    world.compact()
    world.append()
    with watched_calls() as calls:
        calls.before_each["TransactWriteItems"] = crash
        with pytest.raises(Crash):
            world.compact()
    upkeep = maintenance(world.bucket, world.catalog)
    stored = {entry.key: entry.modified_s for entry in world.bucket.list("runs/")}
    held_clock.now_us = int(max(stored.values()) + ORPHAN_AGE_S + 10) * SECOND_US

    removed = upkeep.remove_orphan_parts(lambda: True), upkeep.remove_orphan_versions(lambda: True)

    record = world.catalog.dataset("ada", "d")
    assert removed == (1, 1)
    assert len(list(world.bucket.list("runs/"))) == 1
    assert world.bucket.versions(record.volumes[0].key)[0][0] == record.volumes[0].version_id
    assert world.agrees()


def test_missed_segments_are_folded_when_maintenance_runs(new_world):
    first, second = new_world(), new_world()
    first.append()
    second.append()

    folded = maintenance(first.bucket, first.catalog).flush_missed(lambda: True)

    assert folded == 2
    assert first.agrees()
    assert second.agrees()


def test_young_orphans_are_left_alone_when_maintenance_runs(world):
    world.bucket.put("runs/user=ada/date=2025-12-03/x.parquet", b"being written")

    removed = maintenance(world.bucket, world.catalog).remove_orphan_parts(lambda: True)

    assert removed == 0


def test_append_costs_one_put_when_the_dataset_is_empty_or_not(world):
    for _ in range(2):
        with watched_calls() as calls:
            world.append()
        assert calls.names == ["PutObject"]
        world.compact()


@pytest.mark.parametrize("fault", [crash, lose_answer])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_every_row_is_there_once_when_an_append_is_repeated_after_a_failure(
    new_world, fault, moment
):
    for number in range(3):
        world = new_world()
        segment_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        with watched_calls() as calls:
            getattr(calls, moment)[number] = fault
            try:
                world.append(segment_id=segment_id, expect=False)
            except (Crash, EvalyardError):
                world.compact()
        world.append(segment_id=segment_id)
        assert world.agrees()
        world.compact()
        assert world.agrees()


def test_append_succeeds_once_when_answers_are_lost_and_the_segment_is_folded_meanwhile(world):
    def fold_and_lose():
        world.compact()
        lose_answer()

    with watched_calls() as calls:
        calls.after[0] = fold_and_lose
        world.append()

    assert calls.names == ["PutObject", "ListObjectVersions"]
    assert world.agrees()
