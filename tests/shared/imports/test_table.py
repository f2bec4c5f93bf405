"""CSV as people and spreadsheets write it."""

import pytest

from shared.datasets import Adapter
from shared.errors import MalformedInput, Unacceptable
from shared.imports import read_records
from shared.imports.numbers import number_of
from tests.kit.names import short
from tests.shared.imports.conftest import BATCH


def first(judged, body, **options):
    found = judged(body, "text/csv", **options)
    assert found.faults == []
    return found.runs[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_lines_may_end_as_they_like(judged, end, bom):
    found = judged(f"{bom}latency_ms,ts{end or chr(10)}1.5,1764784800{end}", "text/csv")

    assert [(run.latency_ms, run.ts_us) for run in found.runs] == [(1.5, 1764784800 * 10**6)]


def test_blank_lines_do_not_count_but_in_line_numbers(judged):
    body = '\n\nmodel,ts\n\n"a\nb",1764784800\n\nx,never\n'

    found = judged(body, "text/csv")

    assert [run.model for run in found.runs] == ["a\nb"]
    assert [(fault.pointer, fault.line) for fault in found.faults] == [("/rows/1/ts", 8)]


def test_empty_cell_is_null_and_quotes_are_empty_text(judged):
    run = first(judged, 'ts,device,model,latency_ms,tag,job_id\n1764784800,,"",,"a ""b""",7 "x"\n')

    assert (run.device, run.model, run.latency_ms, run.tag) == (None, "", None, 'a "b"')
    assert run.job_id == '7 "x"'


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("'=1+1", "=1+1"),
        ("''=1", "'=1"),
        ("'@x", "@x"),
        ("'-3", "-3"),
        ("'+3", "+3"),
        ('"\'\tx"', "\tx"),
        ('"\'\rx"', "\rx"),
        ("'quoted'", "'quoted'"),
        ("=1", "=1"),
    ],
)
def test_one_guard_is_taken_off_text_that_would_be_run(judged, cell, text):
    assert first(judged, f"ts,device\n1764784800,{cell}\n").device == text


def test_guard_stays_when_the_caller_says_that_there_is_none(judged):
    assert first(judged, "ts,device\n1764784800,'=1\n", guard=False).device == "'=1"


@pytest.mark.parametrize(
    ("columns", "cells", "ts_us"),
    [
        ("ts,time", "1764784800.25,1999-01-01", 1764784800_250_000),
        ("ts,time", ",2025-12-03T18:00:00.5Z", 1764784800_500_000),
        ("time,model", "2025-12-03T18:00:00Z,m", 1764784800_000_000),
        ("ts,model", "2025-12-03T19:00:00+01:00,m", 1764784800_000_000),
        ("model,latency_ms", "m,5", BATCH.began_us),
    ],
)
def test_time_is_that_of_ts_else_of_time_else_now(judged, columns, cells, ts_us):
    assert first(judged, f"{columns}\n{cells}\n").ts_us == ts_us


def test_rows_are_named_when_their_cells_are_wrong(judged):
    body = (
        "ts,latency_ms,ok,extra,prompt_tokens\n"
        "1764784800,fast,,,\n1764784800,nan,,,\n1764784800,,maybe,,\n1764784800,,,[1],\n"
        '1764784800,,,"{""a"":1",\n1764784800,,,,1_000\n,,,,\n1764784800,1\n'
        '1764784800, 2.5 ,TRUE,"{""a"":1}",12\n'
    )

    found = judged(body, "text/csv")

    assert [(fault.pointer, fault.line, fault.code) for fault in found.faults] == [
        ("/rows/0/latency_ms", 2, "not_a_number"),
        ("/rows/1/latency_ms", 3, "not_a_number"),
        ("/rows/2/ok", 4, "not_a_boolean"),
        ("/rows/3/extra", 5, "not_an_object"),
        ("/rows/4/extra", 6, "not_an_object"),
        ("/rows/5/prompt_tokens", 7, "not_a_number"),
        ("/rows/6/ts", 8, "time_missing"),
        ("/rows/7", 9, "wrong_number_of_cells"),
    ]
    assert [(run.latency_ms, run.ok, run.extra) for run in found.runs] == [(2.5, True, {"a": 1.0})]


def test_further_columns_are_extras_where_they_hold_numbers(judged):
    found = judged("ts,watts,note\n1764784800,45.5,hot\n1764784800,,\n", "text/csv")

    assert [run.extra for run in found.runs] == [{"watts": 45.5}, {}]
    assert dict(found.assumed) == {("watts", "extra"): 1, ("note", "ignored"): 1}


@pytest.mark.parametrize("body", [b"", b"\n\n", b'a,b\n"x', b'a,b\n"x"y,1\n', b'ts,"a"b\n'])
def test_body_is_refused_when_it_is_no_csv(body):
    with pytest.raises(MalformedInput) as refused:
        read_records(body, "text/csv")

    assert refused.value.error_code == "malformed_csv"


@pytest.mark.parametrize("kind", ["text/csv", "application/csv", "application/json"])
@pytest.mark.parametrize("body", [b'model\n"\xe9"\n', b'["\xe9"]', b"\xff\xfem\x00"])
def test_body_is_refused_when_it_is_not_utf8(body, kind):
    with pytest.raises(MalformedInput) as refused:
        read_records(body, kind)

    assert refused.value.error_code == "invalid_utf8"


def test_header_is_refused_when_a_name_is_there_twice():
    with pytest.raises(Unacceptable) as refused:
        read_records(b"ts,model,model\n", "text/csv")

    assert refused.value.error_code == "duplicate_column"


def test_nothing_is_wrong_when_there_is_only_a_header(judged):
    assert judged("ts,model\r\n", "text/csv").received == 0


@pytest.mark.parametrize(
    "cell", ["1" * 100_000 + "x", "9" * 5_000, "0." + "1" * 100_000, "-" * 500], ids=short
)
def test_number_is_text_when_it_is_longer_than_any(cell):
    assert number_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1", 1), (" -1.5 ", -1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("1.e3", 1000.0)],
)
def test_number_is_read_in_every_usual_form(cell, number):
    assert number_of(cell) == number


@pytest.mark.parametrize("cell", ["", ".", "e5", "1e", "0x1", "1_000", "١", "nan", "inf", "1 2"])
def test_text_is_no_number_when_it_has_another_form(cell):
    assert number_of(cell) is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("Modell", "model"), ("latency_msec", "latency_ms"), ("tok/s", "tok_s"), ("modle", "model")],
)
def test_header_is_refused_by_name_when_a_column_is_nearly_known(judged, wrong, meant):
    with pytest.raises(Unacceptable) as caught:
        judged(f"ts,{wrong},completion_tokens\n2025-12-03T18:00:00Z,9,120\n", "text/csv")

    assert (caught.value.error_code, len(caught.value.faults)) == ("nearly_known", 1)
    assert f"{wrong!r} is not known; is {meant!r} meant?" in str(caught.value)


@pytest.mark.parametrize("name", ["ttft", "latency_s", "temp", "job", "power_w", "Time", "dev"])
def test_column_is_kept_when_it_is_none_that_is_known(judged, name):
    found = judged(f"ts,{name},completion_tokens\n2025-12-03T18:00:00Z,9,120\n", "text/csv")

    assert (len(found.runs), found.faults) == (1, [])


def test_column_is_the_adapters_when_it_is_nearly_known(judged):
    adapter = Adapter(dataset="d", device_field="devices")

    found = judged("ts,devices,latency_ms\n1764784800,d1,9\n", "text/csv", adapter=adapter)

    assert found.runs[0].device == "d1"


def test_meant_name_is_said_when_a_row_of_json_nearly_has_it(judged):
    assumed = judged('[{"Modell":"m","ttft_msec":9,"latency_us":900,"latency_ms":1}]').assumed

    assert ("Modell", "ignored: model is the exact name of a run's own member") in assumed
    assert ("ttft_msec", "extra: ttft_ms is the exact name of a run's own number") in assumed
    assert (
        "latency_us",
        "extra: latency_ms is in milliseconds; an adapter's units say another",
    ) in assumed


def test_row_is_refused_when_a_label_of_its_extra_is_there_twice(judged):
    text = 'ts,extra,latency_ms\n1764784800,"{""a"":1,""a"":2}",9\n1764784800,"{""a"":1}",9\n'

    found = judged(text, "text/csv")

    assert [(fault.pointer, fault.code) for fault in found.faults] == [
        ("/rows/0/extra", "duplicate_key")
    ]
    assert [run.extra for run in found.runs] == [{"a": 1.0}]
