"""One bad run, segment, key or tombstone costs itself: all else of the user is folded."""

import pytest

from shared import ids
from shared.errors import EvalyardError
from shared.runs import Run, decode_runs
from shared.storage.assembly import compactor, maintenance
from shared.storage.lake.compactor import OVERTAKEN_AT_MOST
from shared.storage.log import SegmentLog, SegmentName, delete_dataset
from tests.kit.faults import about, watched_calls
from tests.shared.storage.conftest import NOON_US

NO_DAY = {"ts_us": 2**62}
# More than a BIGINT holds, so DuckDB refuses it.
NO_NUMBER = {"prompt_tokens": 2**63}


def append_with(world, *bad: dict, good: int = 3) -> list[str]:
    """Append a segment with rows and runs, of which some cannot be folded; their ids."""
    segment_id = ids.ulid()
    batch_id = f"bat_{segment_id}"
    lines = [f'{{"id":"{segment_id}","_meta_batch_id":"{batch_id}"}}'] * 2
    run_ids = [f"run_{segment_id}_{number}" for number in range(good + len(bad))]
    fields = [{"ts_us": NOON_US}] * good + [{"ts_us": NOON_US, **each} for each in bad]
    runs = [
        Run(run_id=run_id, dataset="d", batch_id=batch_id, **members)
        for run_id, members in zip(run_ids, fields, strict=True)
    ]
    log = SegmentLog(world.bucket)
    rows = [line.encode() for line in lines]
    log.append(world.user_id, "d", rows, runs, segment_id=segment_id, repeatable=False)
    world.rows.update(lines)
    world.runs.update(run_ids[:good])
    return run_ids[good:]


def set_aside(world) -> dict[str, bytes]:
    listed = world.bucket.list("quarantine/")
    return {stored.key: world.bucket.get(stored.key) for stored in listed}


@pytest.mark.parametrize("bad", [[NO_DAY], [NO_NUMBER], [NO_DAY, NO_NUMBER, NO_NUMBER]])
def test_all_else_is_folded_when_some_runs_of_a_segment_cannot_be(world, bad, capsys):
    world.append()
    lost = append_with(world, *bad)
    world.append()

    world.compact()

    ((key, body),) = set_aside(world).items()
    name = SegmentName.parse(key.replace("quarantine/", "segments/"))
    assert world.agrees()
    assert list(world.bucket.list("segments/")) == []
    assert [run.run_id for run in decode_runs(body)] == lost
    assert (name.rows, name.runs, name.offset) == (0, len(lost), 0)
    assert '"SegmentsQuarantined":[1' in capsys.readouterr().out


def test_runs_count_once_when_they_are_put_back_mended(world):
    append_with(world, NO_NUMBER)
    world.compact()
    ((key, body),) = set_aside(world).items()
    (run,) = decode_runs(body)
    name = SegmentName.parse(key.replace("quarantine/", "segments/"))

    SegmentLog(world.bucket).append(
        "ada", "d", [], [Run(run_id=run.run_id, ts_us=NOON_US)], segment_id=name.segment_id,
        repeatable=False,
    )  # fmt: skip
    world.compact()

    world.runs.update([run.run_id])
    assert world.agrees()


def test_rows_stay_when_the_runs_behind_them_cannot_be_read(world):
    segment_id = world.append(rows=2, days=(0, 1))
    (segment,) = SegmentLog(world.bucket).pending("ada")
    body = world.bucket.get(segment.name.key)
    garbled = body[: segment.name.offset] + b"\xff" + body[segment.name.offset + 1 :]
    world.bucket.put(segment.name.key, garbled)
    world.runs.clear()
    world.append()

    world.compact()

    (kept,) = set_aside(world).values()
    assert world.agrees()
    assert kept == garbled[segment.name.offset :]
    assert any(segment_id in line for line in world.read_rows())


def test_it_is_set_aside_once_when_the_fold_is_made_twice(world):
    append_with(world, NO_DAY)
    with watched_calls() as calls:
        calls.failing.append((about("CHECKPOINT", "TransactWriteItems"), RuntimeError("no")))
        with pytest.raises(RuntimeError):
            world.compact()

    world.compact()

    assert len(set_aside(world)) == 1
    assert world.agrees()


@pytest.mark.parametrize(
    "name",
    [
        # None of these would be found under the name that is read from it.
        "01ARZ3NDEKTSV4RRFFQ69G5FAV-a0-+2-1-20-d.jsonl",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV-a0-2-1-0_20-d.jsonl",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV-a00-2-1-20-d.jsonl",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV-a0-" + "9" * 400 + "x-1-20-d.jsonl",
        # No ULIDs: of another alphabet, of another length, from after the year 9999.
        "01ARZ3NDEKTSV4RRFFQ69G5FAU-a0-2-1-20-d.jsonl",
        "01ARZ3NDEKTSV4RRFFQ69G5FA-a0-2-1-20-d.jsonl",
        "7ZZZZZZZZZZZZZZZZZZZZZZZZZ-a0-2-1-20-d.jsonl",
    ],
)
def test_others_are_folded_when_a_key_is_no_segments(world, name):
    world.bucket.put(f"segments/ada/{name}", b"what is this")
    world.append()

    maintenance(world.bucket, world.catalog).flush_missed(lambda: True)

    assert list(set_aside(world)) == [f"quarantine/ada/{name}"]
    assert list(world.bucket.list("segments/")) == []
    assert world.agrees()


def test_segments_are_folded_when_an_edit_cannot_be_applied(world):
    world.append(dataset="old", expect=False)
    world.compact()
    delete_dataset(world.log, "old", runs=True)
    world.append()
    folding = compactor(world.log)

    with watched_calls() as calls:
        calls.failing.append((about("date=2025-12-03", "GetObject"), RuntimeError("unforeseen")))
        with pytest.raises(RuntimeError, match="unforeseen"):
            folding.drain(lambda: True)
    folded = [segment.live_rows for segment in SegmentLog(world.bucket).pending("ada")]
    still_open = world.catalog.checkpoint("ada").tombstones
    folding.drain(lambda: True)

    assert (sum(folded), still_open) == (0, 1)
    assert world.catalog.checkpoint("ada").tombstones == 0
    assert world.agrees()


def test_waiting_for_others_ends_when_an_object_is_really_gone(world):
    for _ in range(7):
        world.append()
        world.compact()
    (day,) = world.catalog.days("ada")
    item = world.catalog.table.get("USER#ada", "CHECKPOINT")
    world.catalog.table.put({**item, "crowded": [day.day]})
    world.bucket.delete([day.parts[0].key])

    with watched_calls() as calls, pytest.raises(EvalyardError):
        compactor(world.log).drain(lambda: True)

    assert calls.names.count("ListObjectsV2") == OVERTAKEN_AT_MOST + 1
