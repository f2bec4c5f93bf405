"""What a recorder makes of a stream, on a clock that stands still between the chunks."""

from typing import Any

import numpy as np
import pytest
from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.measure import Sample, gaps_of
from hypothesis import given
from hypothesis import strategies as st


def recorded(*steps: tuple[float, dict[str, Any]]) -> Sample:
    """The sample of a stream whose chunks arrive at these seconds after the request."""
    clock = iter([0.0, *(moment for moment, _ in steps), 99.0])
    recorder = OpenAiRecorder(clock=lambda: next(clock))
    for _, chunk in steps:
        recorder.arrived()
        recorder.hear(chunk)
    return recorder.sample()


def says(text: str | None, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}


def test_first_token_is_the_first_with_text_when_earlier_chunks_are_empty() -> None:
    sample = recorded(
        (0.1, says(None)), (0.2, says("")), (0.3, says("a")), (0.5, says("b", "stop"))
    )

    assert sample.ttft_ms == pytest.approx(300)
    assert sample.latency_ms == pytest.approx(500)
    assert sample.text == "ab"


def test_last_token_is_the_one_that_ended_it_when_the_usage_comes_later() -> None:
    sample = recorded(
        (0.1, says("a")), (0.4, says("", "stop")), (0.9, {"choices": [], "usage": {}})
    )

    assert sample.latency_ms == pytest.approx(400)


def test_thinking_counts_as_the_first_token_when_the_answer_comes_later() -> None:
    thinking = {"choices": [{"delta": {"reasoning_content": "hm"}}]}

    sample = recorded((0.1, thinking), (0.5, says("a", "stop")))

    assert sample.ttft_ms == pytest.approx(100)
    assert sample.text == "a"


def test_plain_completion_is_understood_when_there_is_no_chat() -> None:
    sample = recorded((0.2, {"choices": [{"text": "a", "finish_reason": "length"}]}))

    assert (sample.text, sample.finish_reason) == ("a", "length")


def test_llama_cpps_timings_are_read_when_they_are_there() -> None:
    timings = {"cache_n": 5, "prompt_n": 7, "prompt_ms": 14.0, "predicted_n": 9}

    sample = recorded((0.2, says("a", "stop")), (0.2, {"choices": [], "timings": timings}))

    assert (sample.cached_tokens, sample.evaluated_tokens, sample.prefill_ms) == (5, 7, 14.0)
    assert sample.completion_tokens == 9


def test_no_token_is_counted_when_the_server_counted_none() -> None:
    sample = recorded((0.1, says("a")), (0.2, says("b", "stop")))

    assert (sample.prompt_tokens, sample.completion_tokens) == (None, None)


@pytest.mark.parametrize("count", [True, -1, "12", 1.5, None])
def test_count_is_unknown_when_it_is_no_count(count: object) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": count, "prompt_tokens_details": 5}}

    assert recorded((0.1, says("a", "stop")), (0.2, usage)).prompt_tokens is None


def test_first_token_is_unknown_when_nothing_was_said() -> None:
    sample = recorded((0.4, says("", "stop")))

    assert sample.ttft_ms is None
    assert sample.latency_ms == pytest.approx(400)


def test_gaps_are_summed_up_when_chunks_have_text() -> None:
    words = ((0.1, says("a")), (0.2, says("")), (0.3, says("b")), (0.4, says("c")))

    sample = recorded(*words, (0.9, says("", "stop")))

    assert sample.itl is not None
    assert sample.itl.n == 2
    assert (sample.itl.mean, sample.itl.p50, sample.itl.max) == pytest.approx((150, 150, 200))


def test_no_gap_is_known_when_there_is_one_chunk() -> None:
    assert recorded((0.1, says("a", "stop"))).itl is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_percentiles_are_numpys_when_gaps_are_summed_up(gaps_ms: list[float]) -> None:
    gaps = gaps_of(gaps_ms)

    assert gaps is not None
    assert (gaps.n, gaps.max) == (len(gaps_ms), max(gaps_ms))
    expected = (np.percentile(gaps_ms, 50), np.percentile(gaps_ms, 95), np.mean(gaps_ms))
    assert (gaps.p50, gaps.p95, gaps.mean) == pytest.approx(expected)


def test_evaluated_tokens_are_the_rest_when_the_server_names_the_cached_ones() -> None:
    usage = {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": 15}}

    sample = recorded((0.1, says("a", "stop")), (0.2, {"choices": [], "usage": usage}))

    assert (sample.prompt_tokens, sample.cached_tokens, sample.evaluated_tokens) == (20, 15, 5)
    assert (sample.counted_by, sample.timed_by) == ("server_usage", None)


def test_prompt_is_counted_whole_when_only_llama_cpps_timings_tell() -> None:
    timings = {"cache_n": 5, "prompt_n": 7, "prompt_ms": 14.0, "predicted_n": 9}

    sample = recorded((0.2, says("a", "stop")), (0.2, {"choices": [], "timings": timings}))

    assert (sample.prompt_tokens, sample.counted_by) == (12, "llama_cpp_server")
