"""What is no run is refused, and a time is read under whichever name it comes."""

import json

import pytest

from shared import clock
from shared.errors import Unacceptable
from shared.imports.moments import OTHER_NAMES
from tests.shared.imports.conftest import BATCH

LABELS = ("model", "device", "tag", "tenant", "job_id", "prompt_preview")
MOMENT = "2025-09-06T06:54:26.000Z"


def only(found):
    assert found.faults == []
    (run,) = found.runs
    return run


def codes(found):
    return [fault.code for fault in found.faults]


@pytest.mark.parametrize("value", ["x", None])
@pytest.mark.parametrize("name", LABELS)
def test_label_alone_is_refused_when_nothing_was_measured(judged, name, value):
    found = judged(json.dumps([{name: value, "extra": {}, "note": "text"}]))

    assert (found.runs, codes(found)) == ([], ["nothing_measured"])
    assert not found.assumed["ts", "absent: the time of the import"]


@pytest.mark.parametrize(
    "said",
    [
        {"prompt_tokens": 0},
        {"completion_tokens": 1},
        {"latency_ms": 1},
        {"ttft_ms": 1},
        {"tok_s": 1},
        {"extra": {"W": 0}},
        {"watts": 3},
        {"ok": False},
        {"ts": MOMENT},
        {"time": MOMENT},
        {"run_id": "r"},
    ],
)
def test_row_is_a_run_when_it_has_a_number_a_failure_a_time_or_an_id(judged, said):
    assert only(judged(json.dumps([{"model": "m"} | said]))).model == "m"


def test_foreign_time_makes_no_run_when_nothing_was_measured(judged):
    assert codes(judged(json.dumps([{"model": "m", "created": 1757141666}]))) == [
        "nothing_measured"
    ]


def test_array_is_named_when_rows_are_inside_a_line(judged):
    line = json.dumps({"model": "m", "results": [{"latency_ms": 5}]})

    (fault,) = judged(line, "application/x-ndjson").faults

    assert fault.code == "nothing_measured"
    assert "'results'" in fault.detail


@pytest.mark.parametrize("name", OTHER_NAMES)
@pytest.mark.parametrize("value", [1757141666, 1757141666000.0, MOMENT])
def test_time_is_read_when_it_has_another_name(judged, name, value):
    found = judged(json.dumps([{"latency_ms": 5, name: value}]))

    assert clock.iso(only(found).ts_us) == MOMENT
    assert found.assumed == {(name, "ts"): 1}
    assert only(found).extra == {}


@pytest.mark.parametrize("cell", ["20250906", "1757116800", "2025-09-06"])
def test_day_is_a_day_when_it_stands_in_a_cell(judged, cell):
    found = judged(f"created_at,latency_ms\n{cell},5\n", "text/csv")

    assert clock.iso(only(found).ts_us) == "2025-09-06T00:00:00.000Z"


def test_own_time_is_taken_when_others_stand_beside_it(judged):
    row = {"ts": MOMENT, "created": 1, "latency_ms": 5}

    assert clock.iso(only(judged(json.dumps([row]))).ts_us) == MOMENT


def test_time_is_never_replaced_by_now_when_it_cannot_be_read(judged):
    found = judged(json.dumps([{"latency_ms": 5, "timestamp": "yesterday"}]))

    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/0/timestamp", "time_unreadable")
    ]


@pytest.mark.parametrize("name", ["rows", "runs", "results", "data"])
def test_rows_take_what_is_said_around_them_when_they_do_not_say_it(judged, name):
    rows = [{"latency_ms": 5}, {"latency_ms": 6, "model": "own", "ts": 1757141667}]
    around = {"model": "m", "device": "d", "created": 1757141666, "note": [], name: rows}

    found = judged(json.dumps(around))

    assert [(run.model, run.device) for run in found.runs] == [("m", "d"), ("own", "d")]
    assert [run.ts_us // 10**6 for run in found.runs] == [1757141666, 1757141667]
    assert found.assumed["model", "said once, around the rows"] == 1
    assert found.assumed["device", "said once, around the rows"] == 2


def test_record_is_one_when_its_data_are_no_objects(judged):
    found = judged(json.dumps({"latency_ms": 5, "data": [1, 2], "results": {}}))

    assert only(found).ts_us == BATCH.began_us


def test_call_is_refused_when_a_label_around_the_rows_is_too_long(judged):
    body = json.dumps({"model": "m" * 257, "rows": [{"latency_ms": 1}]})

    with pytest.raises(Unacceptable) as refused:
        judged(body)

    (fault,) = refused.value.faults
    assert (fault.pointer, fault.code) == ("/model", "label_too_long")
