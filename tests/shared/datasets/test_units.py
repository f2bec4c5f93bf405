"""Values in the units and words of their sender become those of runs, and jobs write them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.datasets import (
    Adapter,
    Arrival,
    ExtraField,
    RowNotConvertible,
    Units,
    job_row,
    run_of_row,
)
from shared.runs import Run

AT_US = 1_764_784_800_000_000
ARRIVAL = Arrival(run_id="r", tenant="t", batch_id="b", at_us=AT_US)
NAMES = st.none() | st.sampled_from(["ns", "us", "ms", "s", "min"])
AMOUNTS = st.floats(0, 1e9)


def run_of(row: dict, **adapter) -> Run:
    return run_of_row({"ts": 1764784800, **row}, Adapter(dataset="d", **adapter), ARRIVAL)


@pytest.mark.parametrize(
    ("unit", "sent"),
    [
        ("ns", 900_250_000),
        ("us", 900_250),
        ("ms", 900.25),
        ("s", 0.90025),
        ("min", 0.0150041666667),
    ],
)
def test_times_are_in_ms_when_they_were_sent_in_another_unit(unit, sent):
    run = run_of({"latency_ms": sent, "ttft_ms": sent}, units=Units(latency_ms=unit, ttft_ms=unit))

    assert run.latency_ms == run.ttft_ms == pytest.approx(900.25)


def test_speed_follows_from_the_converted_times():
    run = run_of(
        {"latency_ms": 2, "ttft_ms": 1000, "completion_tokens": 11}, units=Units(latency_ms="s")
    )

    assert run.tok_s == 10


def test_row_is_refused_when_its_time_is_no_number_any_more():
    with pytest.raises(RowNotConvertible) as refused:
        run_of({"latency_ms": 1e308}, units=Units(latency_ms="min"))

    assert refused.value.code == "out_of_range"


def test_extra_is_multiplied_when_it_has_a_scale():
    fields = (ExtraField(label="Power (W)", field="mw", scale=0.001),)

    assert run_of({"mw": 45_500}, extra_fields=fields).extra == {"Power (W)": 45.5}


@pytest.mark.parametrize("said", [True, 1, 1.0, "true", "OK", "Success", " succeeded "])
def test_run_is_ok_when_its_row_says_so_in_some_way(said):
    assert run_of({"ok": said}, ok_field="ok").ok


@pytest.mark.parametrize("said", [False, 0, 0.0, "FALSE", "error", "Failure", "failed"])
def test_run_is_not_ok_when_its_row_says_so_in_some_way(said):
    assert not run_of({"ok": said}, ok_field="ok").ok


@pytest.mark.parametrize("said", ["done", "", 2, [1], {"a": 1}, "yes"])
def test_row_is_refused_when_its_outcome_is_unknown(said):
    with pytest.raises(RowNotConvertible) as refused:
        run_of({"ok": said}, ok_field="ok")

    assert refused.value.code == "not_a_boolean"


@pytest.mark.parametrize(
    ("said", "ok"), [("done", True), (200, True), ("Done", False), ("ok", False), (True, True)]
)
def test_only_the_texts_that_mean_ok_do_when_they_are_named(said, ok):
    assert run_of({"ok": said}, ok_field="ok", ok_values=("done", "200")).ok is ok


@given(latency=AMOUNTS, ttft=AMOUNTS, units=st.builds(Units, latency_ms=NAMES, ttft_ms=NAMES))
def test_job_is_read_back_as_it_was_when_its_row_is_in_other_units(latency, ttft, units):
    adapter = Adapter(
        dataset="d",
        units=units,
        ok_field="state",
        ok_values=("done",),
        extra_fields=(ExtraField(label="Power", field="p", scale=-0.001),),
    )
    facts = {"ts": 1764784800, "latency_ms": latency, "ttft_ms": ttft, "ok": True}

    row = job_row(adapter, facts, {"Power": 5.5})
    run = run_of_row(row, adapter, ARRIVAL)

    assert row["state"] == "done"
    assert (run.ok, run.latency_ms, run.ttft_ms, run.extra["Power"]) == (
        True,
        pytest.approx(latency),
        pytest.approx(ttft),
        pytest.approx(5.5),
    )
