"""Speeds that arrivals contradict: by the server's own time, named so, or none."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from evalyard_runner.arrivals import is_buffered
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample
from evalyard_runner.measuring import measure
from evalyard_runner.metrics import metrics_of, sample_row
from evalyard_runner.options import Generation
from evalyard_runner.provenance import provenance_of
from evalyard_runner.sensors import Sensors
from evalyard_runner.wire import read_claim
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.kit.loops import finished
from tests.runner.kit.model import FakeModel, content, usage

Chunk = dict[str, Any]


def recorded(*pieces: tuple[float, list[Chunk]]) -> Sample:
    """The sample of a stream whose pieces arrive at these seconds after the request."""
    clock = iter([0.0, *(moment for moment, _ in pieces)])
    recorder = OpenAiRecorder(clock=lambda: next(clock))
    for _, chunks in pieces:
        recorder.arrived()
        for chunk in chunks:
            recorder.hear(chunk)
    return recorder.sample()


def words(count: int) -> list[Chunk]:
    return [content("word ") for _ in range(count)]


def timed(completion: int, decode_ms: float) -> Chunk:
    return usage(completion=completion, timings={"predicted_ms": decode_ms})


def test_no_speed_is_told_when_the_answer_arrives_in_one_piece() -> None:
    sample = recorded((3.0, [*words(300), content("", "stop"), usage(completion=300)]))

    metrics = metrics_of([sample], None)
    said = provenance_of(metrics, [sample], is_local=True)

    assert (metrics["ttft_ms"], metrics["tok_s"], metrics["tpot_ms"]) == (None, None, None)
    assert metrics["latency_ms"] == 3000.0
    assert (said["tok_s"]["kind"], said["tok_s"]["why"]) == (
        "withheld", "the whole answer arrived in one piece"
    )  # fmt: skip
    assert said["ttft_ms"]["kind"] == "withheld"


def spread(count: int, *last: Chunk) -> Sample:
    """So many words, ten a second after the first second, then the end."""
    pieces = [(1.0 + n / 10, words(1)) for n in range(count)]
    return recorded(*pieces, (1.0 + count / 10, [content("", "stop"), *last]))


def test_no_speed_is_told_when_more_tokens_are_counted_than_bytes_came() -> None:
    """As of https://github.com/vllm-project/vllm-omni/pull/2313, or of thoughts that a server
    neither streams nor counts apart.
    """
    sample = spread(20, usage(completion=19_503))

    metrics = metrics_of([sample], None)
    said = provenance_of(metrics, [sample], is_local=True)

    assert (metrics["ttft_ms"], metrics["tok_s"], metrics["tpot_ms"]) == (None, None, None)
    assert metrics["latency_ms"] == 3000.0
    assert said["tok_s"]["why"] == "the server counted 19503 tokens and streamed 100 bytes"


def test_speed_is_the_servers_when_it_thought_in_silence_without_saying_so() -> None:
    metrics = metrics_of([spread(10, timed(501, 10_000.0))], None)

    # Longer than the request took is not believed.
    assert metrics["tok_s"] is None
    assert metrics_of([spread(10, timed(501, 1_000.0))], None)["tok_s"] == 500.0


@pytest.mark.parametrize(
    ("extra", "completion"),
    [
        ((), 60),
        (({"choices": [{"delta": {"reasoning_content": "\U0001f600" * 100}}]},), 400),
        (
            ({"choices": [{"delta": {"tool_calls": [{"function": {"name": "f"}}]}}]},),
            400,
        ),
    ],
    ids=["marks", "thoughts", "tools"],
)
def test_speed_is_by_the_arrivals_when_what_came_may_be_so_many_tokens(
    extra: tuple[Chunk, ...], completion: int
) -> None:
    sample = spread(10, *extra, usage(completion=completion))

    assert sample.unseen is None
    assert metrics_of([sample], None)["ttft_ms"] == 1000.0


def test_speed_is_the_servers_and_named_so_when_the_answer_arrives_in_one_piece() -> None:
    sample = recorded((3.0, [*words(301), content("", "stop"), timed(301, 2500.0)]))

    metrics = metrics_of([sample], None)
    said = provenance_of(metrics, [sample], is_local=False)

    assert (metrics["tok_s"], metrics["tpot_ms"]) == (120.0, 8.333)
    assert (said["tok_s"]["source"], said["tok_s"]["clock"]) == ("llama_cpp_server", "server")
    assert said["tok_s"]["from"] == ["completion_tokens", "decode_ms"]
    assert "one piece" in said["tpot_ms"]["why"]


def test_no_speed_is_told_when_reasoning_was_counted_but_not_streamed() -> None:
    counts = usage(completion=510)
    counts["usage"]["completion_tokens_details"] = {"reasoning_tokens": 500}
    visible = [(5.0 + number / 250, [content("word ")]) for number in range(10)]

    sample = recorded(*visible, (5.04, [content("", "stop"), counts]))
    row = sample_row(0, sample)

    assert (row["ttft_ms"], row["tok_s"], row["first_text_ms"]) == (None, None, 5000.0)
    assert row["reasoning_tokens"] == 500
    assert not is_buffered(sample)
    assert "500 reasoning tokens" in (sample.unseen or "")


def test_reasoning_is_timed_when_it_is_streamed() -> None:
    counts = usage(completion=11)
    counts["usage"]["completion_tokens_details"] = {"reasoning_tokens": 5}
    thought = [{"choices": [{"delta": {"reasoning_content": "hm "}}]}]
    thoughts = [(1.0 + number / 10, thought) for number in range(5)]
    answer = [(1.5 + number / 10, [content("yes ")]) for number in range(5)]

    row = sample_row(0, recorded(*thoughts, *answer, (2.0, [content("", "stop"), counts])))

    assert (row["ttft_ms"], row["tok_s"], row["reasoning_ms"]) == (1000.0, 10.0, 500.0)
    assert "first_text_ms" not in row


@pytest.mark.parametrize(("decode_ms", "tok_s"), [(1040.0, 10.0), (5000.0, 2.0), (9000.0, None)])
def test_speed_is_the_servers_when_arrivals_are_far_from_it(
    decode_ms: float, tok_s: float | None
) -> None:
    """Within the tolerance the runner's own, and none that takes longer than the request."""
    pieces = [(5.0 + number / 10, [content("word ")]) for number in range(11)]

    sample = recorded(*pieces, (6.0, [content("", "stop"), timed(11, decode_ms)]))

    assert metrics_of([sample], None)["tok_s"] == tok_s


def test_no_speed_is_told_when_most_of_the_answer_arrives_at_first() -> None:
    sample = recorded(
        (3.0, words(90)), (3.1, words(10)), (3.1, [content("", "stop"), usage(completion=100)])
    )

    assert sample.unseen == "90% of the answer arrived in its first piece"
    assert metrics_of([sample], None)["tok_s"] is None


def test_one_contradicted_repetition_speaks_for_all_when_the_others_are_well() -> None:
    well = recorded(
        *((1 + n / 10, [content("word ")]) for n in range(11)),
        (2.0, [content("", "stop"), usage(completion=11)]),
    )
    buffered = recorded((2.0, [*words(11), content("", "stop"), usage(completion=11)]))

    assert metrics_of([well], None)["tok_s"] == 10.0
    assert metrics_of([well, buffered], None)["tok_s"] is None


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
    st.floats(0.001, 5.0),
    st.floats(0.001, 0.5),
)
def test_speed_is_never_far_above_the_true_one_when_pieces_hold_several_tokens(
    sizes: list[int], prefill_s: float, per_token_s: float
) -> None:
    """A server makes a token each `per_token_s`, a proxy passes them on in pieces."""
    made, pieces = 0, []
    for size in sizes:
        made += size
        pieces.append((prefill_s + made * per_token_s, words(size)))
    pieces.append((pieces[-1][0], [content("", "stop"), usage(completion=made)]))

    told = metrics_of([recorded(*pieces)], None)["tok_s"]

    assert told is None or made <= 15 or told <= 1.3 / per_token_s


def test_nothing_is_counted_when_the_server_counts_zero() -> None:
    zeros = usage(prompt=0, completion=0)

    sample = recorded((0.1, [content("a")]), (0.2, [content("b", "stop"), zeros]))
    metrics = metrics_of([sample], None)

    assert (metrics["prompt_tokens"], metrics["completion_tokens"]) == (None, None)
    assert metrics["tok_s"] is None


def test_count_stays_when_zeros_come_before_and_after_it() -> None:
    zeros = usage(prompt=0, completion=0)

    sample = recorded((0.1, [content("a"), zeros]), (0.2, [content("b", "stop"), usage(), zeros]))

    assert (sample.prompt_tokens, sample.completion_tokens) == (10, 3)


@pytest.mark.parametrize("reason", ["abort", "error"])
def test_attempt_fails_when_the_server_gave_up(model: FakeModel, reason: str) -> None:
    model.script = lambda _: iter([content("half"), content("", reason), usage()])

    with pytest.raises(GenerationError, match=reason) as caught:
        reported(model)

    assert (caught.value.code, caught.value.retryable) == ("runtime_crash", True)


def test_first_token_is_seen_when_it_was_sent_on_a_connection_that_was_in_use(
    model: FakeModel,
) -> None:
    """The server holds a small piece back until the one before is acknowledged, which a kernel
    does 40 ms later, unless it is asked to.
    """

    def two_pieces(body: Chunk) -> Iterator[float | str | Chunk]:
        yield content("one ")
        yield 0.03
        yield content("two", "stop")
        yield usage(completion=2)

    model.script = two_pieces

    async def second_request() -> Sample:
        backend = OpenAiBackend(model.url, {"tiny": "tiny"})
        try:
            assert await backend.ready()
            return await backend.generate(Generation("tiny", "Hello"))
        finally:
            await backend.close()

    seen = sum(finished(second_request()).unseen is None for _ in range(9))

    # A busy machine is late now and then.
    assert seen >= 5


def test_result_says_why_when_a_proxy_holds_the_answer_back(model: FakeModel) -> None:
    def held_back(body: Chunk) -> Iterator[float | str | Chunk]:
        yield 0.05
        yield "".join(f"data: {_json(chunk)}\n\n" for chunk in [*words(50), content("", "stop")])
        yield usage(completion=50)

    model.script = held_back

    body = reported(model)

    assert (body["metrics"]["tok_s"], body["metrics"]["completion_tokens"]) == (None, 50)
    assert body["samples"][0]["first_text_ms"] >= 50
    assert body["flags"] == ["buffered"]
    assert "one piece" in body["provenance"]["tok_s"]["why"]


def reported(model: FakeModel) -> dict[str, Any]:
    claim = {"attempt": 1, "model": "tiny", "prompt": "Hello", "timeout_s": 60}

    async def run() -> dict[str, Any]:
        backend = OpenAiBackend(model.url, {"tiny": "tiny"})
        try:
            return (await measure(backend, read_claim("job_1", claim), Sensors([]))).body
        finally:
            await backend.close()

    return finished(run())


def _json(chunk: Chunk) -> str:
    return json.dumps(chunk)
