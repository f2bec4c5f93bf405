"""What a recorder makes of a stream, on a clock that stands still between the chunks."""

from typing import Any

import pytest
from evalyard_runner.measure import Recorder, Sample


def recorded(*steps: tuple[float, dict[str, Any]]) -> Sample:
    """The sample of a stream whose chunks arrive at these seconds after the request."""
    clock = iter([0.0, *(moment for moment, _ in steps), 99.0])
    recorder = Recorder(clock=lambda: next(clock))
    for _, chunk in steps:
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
