"""What cannot be read is set aside, what nobody needs is deleted, and costs are bounded."""

import pytest

from shared.clock import SECOND_US
from shared.datasets import PageRequest, list_datasets, read_rows
from shared.storage.assembly import maintenance
from shared.storage.lake import volumes
from shared.storage.lake.maintenance import HISTORY_AGE_S
from shared.storage.log import delete_dataset
from tests.kit.effort import NIGHTLY
from tests.kit.faults import Crash, crash, watched_calls

POISON = "segments/ada/01ARZ3NDEKTSV4RRFFQ69G5FAV-a0-2-1-20-d.jsonl"


def keys(world, prefix) -> list[str]:
    return [stored.key for stored in world.bucket.list(prefix)]


def test_others_are_folded_and_poison_is_set_aside_when_a_segment_cannot_be_read(world, capsys):
    world.append()
    world.bucket.put(POISON, b"what is this")
    world.append()

    folded = world.compact()

    assert folded == 3
    assert keys(world, "quarantine/") == [POISON.replace("segments/", "quarantine/")]
    assert world.bucket.get(keys(world, "quarantine/")[0]) == b"what is this"
    assert '"SegmentsQuarantined":[1' in capsys.readouterr().out
    assert keys(world, "segments/") == []
    assert world.agrees()


def test_runs_are_read_when_a_pending_segment_cannot_be(world):
    world.append()
    world.bucket.put(POISON, b"what is this")

    assert world.read_runs() == world.runs


def test_object_that_is_no_segment_is_set_aside_when_the_upkeep_finds_it(world):
    world.append()
    world.bucket.put("segments/ada/readme.txt", b"hello")
    assert world.agrees()

    maintenance(world.bucket, world.catalog).flush_missed(lambda: True)

    assert keys(world, "segments/") == []
    assert keys(world, "quarantine/") == ["quarantine/ada/readme.txt"]
    assert world.agrees()


def test_history_of_folded_segments_is_forgotten_when_it_is_old(world, held_clock):
    world.append()
    world.compact()
    young = list(world.bucket.history("segments/"))
    held_clock.now_us = int(max(v.modified_s for v in young) + HISTORY_AGE_S + 5) * SECOND_US

    maintenance(world.bucket, world.catalog).flush_missed(lambda: True)

    assert len(young) == 2
    assert list(world.bucket.history("segments/")) == []
    assert world.agrees()


def test_few_versions_of_a_dataset_are_kept_when_it_is_folded_often(world):
    for _ in range(6):
        world.append()
        world.compact()

    record = world.catalog.dataset("ada", "d")
    assert len(world.bucket.versions(record.volumes[0].key)) == 1 + volumes.SUPERSEDED_KEPT


def test_reader_costs_the_same_calls_however_much_there_is(world):
    costs = []
    for rows in (1, 1_000):
        world.append(rows=rows + 1, days=(0,))
        world.compact()
        world.append()
        with watched_calls() as calls:
            list_datasets(world.log)
        listing = calls.names
        with watched_calls() as calls:
            read_rows(world.log, "d", PageRequest(1))
        costs.append((listing, calls.names))
        world.compact()

    listing, page = costs[0]
    assert listing == ["GetItem", "ListObjectsV2", "Query", "GetItem"]
    assert page == ["GetItem", "ListObjectsV2", "GetItem", "GetItem", "GetObject"]
    assert costs[1] == (listing, page)


@pytest.mark.exhaustive
def test_thousands_of_segments_are_folded_in_bounded_steps(world):
    segments = 5_000 if NIGHTLY else 1_500
    for _ in range(segments):
        world.append(rows=1, days=(0,))
    with watched_calls() as calls:
        folded = world.compact()

    assert folded == segments
    # A fold for every 500; the day is rolled up once, if so often folded.
    assert calls.names.count("TransactWriteItems") == segments // 500 + NIGHTLY
    assert calls.names.count("GetObject") < segments + 100
    assert world.listed_rows() == segments


@pytest.mark.parametrize("folded_before", [0, 1])
def test_nothing_of_a_deleted_dataset_is_found_when_a_fold_had_died_before(world, folded_before):
    for _ in range(folded_before):
        world.append()
        world.compact()
    world.append()
    with watched_calls() as calls:
        calls.before_each["TransactWriteItems"] = crash
        with pytest.raises(Crash):
            world.compact()

    delete_dataset(world.log, "d", runs=True)
    world.compact()
    world.compact()

    assert keys(world, "data/users/") == []
