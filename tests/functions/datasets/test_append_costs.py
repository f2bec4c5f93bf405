"""What an append costs in AWS calls, and how its runs are called."""

import json

import pytest

from shared.datasets import RowNotConvertible, load_adapter, run_of_stored
from shared.runs import decode_runs
from shared.storage.log import SegmentLog
from tests.functions.datasets.quick_start import ADAPTER, ROWS
from tests.kit.faults import watched_calls

PATH = "/user/data/append_jsonl"
# One that is good, one without a time, one that is no row, one that is good again.
MIXED = [{"ts": 1764784800, "x": [1]}, {"latency_ms": 5}, 7, {"ts": 1764784801}]


@pytest.fixture
def ada(api):
    return api("datasets", user="ada")


def segments(bucket, user="ada"):
    found = []
    for segment in SegmentLog(bucket).pending(user):
        body, name = bucket.get(segment.name.key), segment.name
        found.append((name, body[: name.offset].splitlines(), decode_runs(body[name.offset :])))
    return found


def converted(line, adapter, ordinal):
    try:
        return run_of_stored(line, adapter, ordinal=ordinal, tenant="ada")
    except RowNotConvertible:
        return None


@pytest.mark.parametrize("rows", [1, 1_000])
@pytest.mark.parametrize("already_there", [0, 3])
def test_append_costs_two_calls_however_much_there_is(ada, bucket, rows, already_there):
    ada.post("/user/data/save_adapter", json=ADAPTER)
    body = {"dataset": "my_server_metrics", "rows": ROWS["rows"][:1] * rows}
    for _ in range(already_there):
        ada.post(PATH, json=body)

    with watched_calls() as calls:
        ada.post(PATH, json=body)

    assert calls.names == ["BatchGetItem", "PutObject"]


def test_append_costs_two_calls_more_when_it_has_an_idempotency_key(ada):
    with watched_calls() as calls:
        ada.post(PATH, json=ROWS, headers={"Idempotency-Key": "k"})

    assert sorted(calls.names) == ["BatchGetItem", "PutItem", "PutObject", "UpdateItem"]


@pytest.mark.parametrize("rows", [MIXED, ROWS["rows"]])
def test_stored_rows_give_the_same_runs_again_when_they_are_converted_later(
    ada, bucket, tables, rows
):
    ada.post("/user/data/save_adapter", json={**ADAPTER, "dataset": "d"})
    for _ in range(2):
        ada.post(PATH, json={"dataset": "d", "rows": rows})
    adapter = load_adapter(tables["CatalogTable"], "ada", "d")
    found = segments(bucket)

    later = [
        run
        for _, lines, _ in found
        for ordinal, line in enumerate(lines)
        if (run := converted(line, adapter, ordinal))
    ]

    written = [run for _, _, runs in found for run in runs]
    assert later == written
    assert len(written) == 4


def test_run_is_called_by_the_place_of_its_row_among_the_stored_ones(ada, bucket):
    ada.post("/user/data/save_adapter", json={"dataset": "d"})

    ada.post(PATH, json={"dataset": "d", "rows": [7, *MIXED]})

    ((name, lines, runs),) = segments(bucket)
    assert [run.run_id for run in runs] == [f"run_{name.segment_id}_{n}" for n in (0, 2)]
    assert [json.loads(lines[n])["ts"] for n in (0, 2)] == [run.ts_us // 10**6 for run in runs]


@pytest.mark.parametrize(
    ("saves", "enabled", "version"), [(0, True, 0), (2, True, 2), (1, False, 1)]
)
def test_segment_names_the_adapter_that_its_writer_knew(ada, bucket, saves, enabled, version):
    for _ in range(saves):
        ada.post("/user/data/save_adapter", json={"dataset": "d", "enabled": enabled})

    ada.post(PATH, json={"dataset": "d", "rows": [{"ts": 1764784800}]})

    ((name, _, runs),) = segments(bucket)
    assert (name.adapter_version, len(runs)) == (version, int(saves > 0 and enabled))
