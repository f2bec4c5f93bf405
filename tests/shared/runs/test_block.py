"""Runs in columns: nothing is lost, and what follows from other columns is not written."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.runs import Run, RunBlock, decode_runs, derived_tok_s

SEGMENT = "01JDQ0000000000000000000AB"
texts = st.none() | st.text(max_size=5)
numbers = st.none() | st.floats(0, 1e12)
counts = st.none() | st.integers(0, 2**63 - 1)
labels = st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=False), max_size=3)
run_ids = st.integers(0, 12).map(lambda n: f"run_{SEGMENT}_{n}") | st.sampled_from(
    ["r", f"run_{SEGMENT}_01", f"run_{SEGMENT}_", f"run_{SEGMENT}_٣", "run_other_0"]
)
runs = st.builds(
    Run,
    run_id=run_ids,
    ts_us=st.integers(0, 2**53),
    device=texts,
    model=texts,
    tag=texts,
    tenant=texts,
    prompt_tokens=counts,
    completion_tokens=counts,
    latency_ms=numbers,
    ttft_ms=numbers,
    tok_s=numbers,
    ok=st.booleans(),
    job_id=texts,
    dataset=texts,
    source_kind=st.sampled_from(["dataset", "job"]),
    prompt_preview=texts,
    extra=labels,
    batch_id=texts,
)


@given(st.lists(runs, max_size=5))
def test_every_run_comes_back_when_it_was_written_in_columns(written):
    assert decode_runs(RunBlock.of_runs(written, SEGMENT).encoded()) == written


@given(st.lists(numbers, min_size=1, max_size=5))
def test_speed_is_derived_when_the_column_is_left_out(latencies):
    tokens = list(range(len(latencies)))
    block = RunBlock(
        count=len(tokens), ts_us=tokens, completion_tokens=tokens, latency_ms=latencies, ttft_ms=1.5
    )

    found = decode_runs(block.encoded())

    assert [run.tok_s for run in found] == [
        derived_tok_s(count, latency, 1.5) for count, latency in zip(tokens, latencies, strict=True)
    ]


def test_ids_follow_from_the_segment_when_none_are_written():
    block = RunBlock(count=2, segment_id=SEGMENT, ordinals=[0, 7], ts_us=[1, 2])

    found = decode_runs(block.encoded())

    assert [run.run_id for run in found] == [f"run_{SEGMENT}_0", f"run_{SEGMENT}_7"]


@pytest.mark.parametrize("text", ["2025-12-03T18:00:00.123456Z", "2025-12-03T18:00:00+02:00:30"])
def test_instant_is_exact_when_times_are_written_as_moments(text):
    moment = clock.from_us(clock.read_time(text))

    (run,) = decode_runs(RunBlock(count=1, ts=[moment]).encoded())

    assert run.ts_us == clock.read_time(text)


def test_nothing_is_written_when_there_is_no_run():
    assert RunBlock.of_runs([], SEGMENT).encoded() == b""
    assert decode_runs(b"") == []


@pytest.mark.parametrize(
    "block",
    [
        b"\xc1",
        b'{"run_id":"r"}',
        RunBlock(count=2, ts_us=[1]).encoded(),
        RunBlock(count=1).encoded(),
        RunBlock(count=1, ts_us=[1], device=["a", "b"]).encoded(),
        RunBlock(count=1, ts_us=[1], extra={"a": [1.0, 2.0]}).encoded(),
    ],
)
def test_block_is_refused_when_it_is_broken(block):
    with pytest.raises(msgspec.DecodeError):
        decode_runs(block)


def test_block_stays_small_when_every_run_has_another_label():
    written = [Run(f"r{n}", n, extra={f"label {n}": 1.0}) for n in range(1_000)]

    body = RunBlock.of_runs(written, SEGMENT).encoded()

    assert len(body) < 60_000
    assert decode_runs(body) == written


@pytest.mark.parametrize(
    ("tokens", "latency_ms", "ttft_ms"),
    [(5, 5e-324, None), (5, 1e-310, 0.0), (2**62, 1e-306, None), (5, 0.0, None)],
)
def test_speed_is_unknown_when_the_time_is_next_to_nothing(tokens, latency_ms, ttft_ms):
    assert derived_tok_s(tokens, latency_ms, ttft_ms) is None
