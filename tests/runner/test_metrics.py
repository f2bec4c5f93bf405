"""From samples to metrics: the definitions of docs/contract.md (Devices, Usage)."""

from dataclasses import replace

import pytest
from evalyard_runner.energy import PowerCurve
from evalyard_runner.measure import Gaps, Sample
from evalyard_runner.metrics import (
    cached_of,
    energy_of,
    metrics_of,
    sample_row,
)
from evalyard_runner.speed import ms_per_token, tokens_per_second
from hypothesis import given
from hypothesis import strategies as st

KNOWN = Sample(
    text="x",
    latency_ms=1100.0,
    ttft_ms=100.0,
    prompt_tokens=20,
    completion_tokens=11,
    cached_tokens=12,
    evaluated_tokens=8,
    prefill_ms=40.0,
    finish_reason="stop",
    itl=Gaps(3, 12.0, 11.0, 20.1234, 21.0),
)
SAMPLES = st.builds(
    Sample,
    text=st.just(""),
    latency_ms=st.floats(200, 1e5),
    ttft_ms=st.floats(1, 199),
    prompt_tokens=st.integers(0, 10_000),
    completion_tokens=st.integers(2, 10_000),
)


def test_speed_leaves_the_first_token_out_when_its_time_is_known() -> None:
    assert tokens_per_second(11, 1100, 100) == pytest.approx(10.0)


@pytest.mark.parametrize("completion", [0, 1])
def test_speed_is_unknown_when_there_are_fewer_than_two_tokens(completion: int) -> None:
    assert tokens_per_second(completion, 1100, 100) is None
    assert tokens_per_second(completion, 1100, None) is None


@pytest.mark.parametrize(("completion", "ttft_ms"), [(11, None), (11, 1100)])
def test_speed_is_over_the_whole_time_when_decoding_has_no_time_of_its_own(
    completion: int, ttft_ms: float | None
) -> None:
    assert tokens_per_second(completion, 1100, ttft_ms) == pytest.approx(completion / 1.1)


@pytest.mark.parametrize(("completion", "latency_ms"), [(None, 100), (0, 100), (5, None), (5, 0)])
def test_speed_is_unknown_when_there_is_nothing_to_divide(
    completion: int | None, latency_ms: float | None
) -> None:
    assert tokens_per_second(completion, latency_ms, None) is None


def test_time_per_token_is_unknown_when_there_is_one_token() -> None:
    assert ms_per_token(1, 1100, 100) is None


def test_prefill_speed_counts_evaluated_tokens_when_some_were_cached() -> None:
    assert metrics_of([KNOWN], None)["prefill_tps"] == 200.0


def test_everything_unknown_stays_null_when_the_server_tells_nothing() -> None:
    metrics = metrics_of([Sample(text="x", latency_ms=5.0)], None)

    assert {name for name, value in metrics.items() if value is not None} == {"latency_ms"}


def test_metric_is_null_when_one_of_the_samples_lacks_it() -> None:
    metrics = metrics_of([KNOWN, Sample(text="x", latency_ms=5.0, completion_tokens=1)], 7.5)

    assert (metrics["ttft_ms"], metrics["tpot_ms"], metrics["load_ms"]) == (None, None, 7.5)


@given(st.lists(SAMPLES, min_size=1, max_size=8))
def test_speed_is_the_ratio_of_sums_when_there_are_repetitions(samples: list[Sample]) -> None:
    tokens = sum((sample.completion_tokens or 0) - 1 for sample in samples)
    decode_s = sum(sample.latency_ms - (sample.ttft_ms or 0) for sample in samples) / 1000

    speed = metrics_of(samples, None)["tok_s"]

    assert speed == pytest.approx(tokens / decode_s, rel=1e-3, abs=1e-3)


@given(st.lists(SAMPLES, min_size=1, max_size=8))
def test_mean_lies_between_the_extremes_when_there_are_repetitions(samples: list[Sample]) -> None:
    latency = metrics_of(samples, None)["latency_ms"] or 0.0

    times = [sample.latency_ms for sample in samples]
    assert min(times) - 0.001 <= latency <= max(times) + 0.001


def test_sample_tells_what_was_cached_when_it_is_listed() -> None:
    row = sample_row(3, KNOWN)

    assert (row["index"], row["cached_tokens"], row["finish_reason"]) == (3, 12, "stop")
    assert (row["evaluated_tokens"], row["prefill_ms"], row["load_ms"]) == (8, 40.0, None)
    assert row["itl_ms"] == {"n": 3, "mean": 12.0, "p50": 11.0, "p95": 20.123, "max": 21.0}


def test_result_is_marked_when_a_part_of_the_prompt_was_cached() -> None:
    assert cached_of([KNOWN, replace(KNOWN, cached_tokens=0)]) == {"Cached prompt tokens": 6.0}
    assert cached_of([replace(KNOWN, cached_tokens=0)]) == {}
    assert cached_of([KNOWN, replace(KNOWN, cached_tokens=None)]) == {}


def test_energy_is_shared_out_when_power_was_read() -> None:
    curve = PowerCurve([(10.0, 40.0), (11.0, 60.0), (12.0, 60.0)])

    extra = energy_of([KNOWN, KNOWN], curve)

    assert extra == {"GPU power (W)": 55.0, "Energy per token (J)": 5.0}


@pytest.mark.parametrize("points", [[], [(10.0, 40.0)], [(10.0, 40.0), (10.0, 60.0)]])
def test_power_is_unknown_when_it_was_not_read_twice(points: list[tuple[float, float]]) -> None:
    assert "GPU power (W)" not in energy_of([KNOWN], PowerCurve(points))


def test_energy_per_token_is_unknown_when_nobody_counted_tokens() -> None:
    curve = PowerCurve([(10.0, 40.0), (11.0, 60.0)])

    assert energy_of([replace(KNOWN, completion_tokens=None)], curve) == {"GPU power (W)": 50.0}
