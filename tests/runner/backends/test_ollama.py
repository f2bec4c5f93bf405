"""Ollama's own API, against a server that streams as Ollama does."""

from collections.abc import Iterator
from typing import Any

import pytest
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.ollama_recorder import OllamaRecorder
from evalyard_runner.errors import GenerationError, MisconfiguredError
from evalyard_runner.measure import Sample
from evalyard_runner.metrics import metrics_of
from evalyard_runner.options import Generation, ollama_body

from tests.runner.kit.loops import finished
from tests.runner.kit.ollama import FakeOllama, final, said

Steps = Iterator[float | str | dict[str, Any]]


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as server:
        yield server


def generated(ollama: FakeOllama, generation: Generation | None = None) -> Sample:
    """One run of the model."""

    async def run() -> Sample:
        backend = OllamaBackend(ollama.url, {"tiny": "llama3.2:1b"}, default_max_tokens=99)
        try:
            return await backend.generate(generation or Generation("tiny", "hello"))
        finally:
            await backend.close()

    return finished(run())


def failure(ollama: FakeOllama) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        generated(ollama)
    return caught.value


def test_sample_has_ollamas_counts_and_our_times_when_it_answers(ollama: FakeOllama) -> None:
    sample = generated(ollama)

    assert (sample.text, sample.finish_reason) == ("one two three", "stop")
    assert (sample.prompt_tokens, sample.completion_tokens) == (20, 3)
    assert (sample.load_ms, sample.prefill_ms, sample.decode_ms) == (200.0, 50.0, 30.0)
    assert (sample.counted_by, sample.timed_by) == ("ollama", "ollama")
    assert sample.ttft_ms is not None
    assert 10 <= sample.ttft_ms < sample.latency_ms
    assert sample.itl is not None
    assert sample.itl.n == 2


def test_prefill_speed_counts_evaluated_tokens_when_half_the_prompt_was_cached(
    ollama: FakeOllama,
) -> None:
    sample = generated(ollama)

    assert (sample.cached_tokens, sample.evaluated_tokens) == (10, 10)
    assert metrics_of([sample], None)["prefill_tps"] == 200.0


@pytest.mark.parametrize(
    ("counters", "prompt_tokens"),
    [
        ({"prompt_eval_cached_count": None}, 20),
        ({"prompt_eval_cached_count": 21}, 20),
        ({"prompt_eval_count": 0, "prompt_eval_cached_count": None}, None),
        ({"prompt_eval_count": None}, None),
        ({"prompt_eval_duration": 0}, 20),
    ],
)
def test_prefill_speed_is_unknown_when_nobody_says_what_was_cached(
    ollama: FakeOllama, counters: dict[str, Any], prompt_tokens: int | None
) -> None:
    ollama.script = lambda _: iter([said("hi"), final(**counters)])

    sample = generated(ollama)

    assert sample.prompt_tokens == prompt_tokens
    assert metrics_of([sample], None)["prefill_tps"] is None


def test_thinking_counts_as_the_first_token_when_the_answer_comes_later() -> None:
    seconds = iter([0.0, 0.1, 0.5, 0.6])
    recorder = OllamaRecorder(clock=lambda: next(seconds))

    thinking = said("", message={"role": "assistant", "content": "", "thinking": "hm"})
    for chunk in (thinking, said("hi"), final()):
        recorder.arrived()
        recorder.hear(chunk)

    sample = recorder.sample()
    assert sample.text == "hi"
    assert (sample.ttft_ms, sample.latency_ms) == pytest.approx((100, 600))
    assert sample.itl is not None
    assert sample.itl.max == pytest.approx(400)


def test_options_go_where_ollama_wants_them_when_a_job_has_some(ollama: FakeOllama) -> None:
    options = {
        "num_predict": 7,
        "stop": "!",
        "num_ctx": 512,
        "keep_alive": "1m",
        "think": False,
        "stream": False,
    }

    generated(ollama, Generation("tiny", "hello", "be brief", options))

    [(path, asked)] = ollama.requests
    assert path == "/api/chat"
    assert asked == {
        "model": "llama3.2:1b",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hello"},
        ],
        "stream": True,
        "options": {"num_predict": 7, "stop": ["!"], "num_ctx": 512},
        "keep_alive": "1m",
        "think": False,
    }


@pytest.mark.parametrize(
    ("options", "length"), [({}, 99), ({"max_tokens": 5}, 5), ({"max_completion_tokens": 6}, 6)]
)
def test_length_has_ollamas_name_when_a_job_uses_another(
    options: dict[str, Any], length: int
) -> None:
    body = ollama_body(Generation("m", "hi", options=options), "up", 99)

    assert body["options"] == {"num_predict": length}


@pytest.mark.parametrize(
    ("status", "error", "code", "retryable"),
    [
        (404, 'model "x" not found, try pulling it first', "model_not_found", False),
        (400, "invalid options: num_ctx", "invalid_argument", False),
        (400, '"llama3" does not support thinking', "unsupported", False),
        (
            500,
            "model requires more system memory (5.6 GiB) than is available (4.0 GiB)",
            "device_out_of_memory",
            True,
        ),
        (500, "write /models/blob: no space left on device", "out_of_disk", True),
        (500, "unable to load model: /models/blob", "model_invalid", False),
        (412, "this model requires a newer version of Ollama", "version_mismatch", True),
        (503, "server busy, please try again", "throttled", True),
        (500, "llama runner process has terminated: signal: killed", "runtime_crash", True),
    ],
)
def test_refusal_becomes_a_failure_code_when_ollama_refuses(
    ollama: FakeOllama, status: int, error: str, code: str, retryable: bool
) -> None:
    ollama.refusal = (status, {"error": error})

    found = failure(ollama)

    assert (found.code, found.retryable) == (code, retryable)
    assert error in found.message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"error": "an error was encountered: CUDA error"}', "runtime_crash"),
        ('{"error": "CUDA error: out of memory"}', "device_out_of_memory"),
        ('{"message": {"content": "tor', "runtime_crash"),
        ("[]", "runtime_crash"),
        ("", "runtime_crash"),
    ],
)
def test_attempt_fails_when_the_stream_goes_wrong(ollama: FakeOllama, line: str, code: str) -> None:
    ollama.script = lambda _: iter([said("half"), line])

    found = failure(ollama)

    assert (found.code, found.retryable) == (code, True)


def test_models_are_those_pulled_when_none_are_named(ollama: FakeOllama) -> None:
    async def listed() -> tuple[bool, tuple[str, ...]]:
        backend = OllamaBackend(f"{ollama.url}/", {})
        try:
            await backend.use_listed_models()
            return await backend.ready(), backend.models
        finally:
            await backend.close()

    assert finished(listed()) == (True, ("llama3.2:1b", "qwen3:0.6b"))


def test_backend_is_unusable_when_nobody_listens() -> None:
    async def listed() -> None:
        backend = OllamaBackend("http://127.0.0.1:9", {})
        try:
            assert not await backend.ready()
            await backend.use_listed_models()
        finally:
            await backend.close()

    with pytest.raises(MisconfiguredError, match="use --model"):
        finished(listed())
