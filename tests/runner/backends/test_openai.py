"""The OpenAI backend against a server that streams."""

from collections.abc import Iterator
from typing import Any

import pytest
from evalyard_runner.backends.openai import OpenAiBackend, base_url
from evalyard_runner.errors import GenerationError, MisconfiguredError
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation

from tests.runner.kit.loops import finished
from tests.runner.kit.model import FakeModel, content

Steps = Iterator[float | str | dict[str, Any]]


def generated(model: FakeModel, **more: Any) -> Sample:
    """One run of the model."""

    async def run() -> Sample:
        backend = OpenAiBackend(model.url, {"tiny": "tiny"}, **more)
        try:
            return await backend.generate(Generation("tiny", "hello"))
        finally:
            await backend.close()

    return finished(run())


def failure(model: FakeModel) -> GenerationError:
    with pytest.raises(GenerationError) as caught:
        generated(model)
    return caught.value


@pytest.mark.parametrize("url", ["http://h", "http://h/", "http://h/v1", "http://h/v1/"])
def test_version_is_added_when_the_url_lacks_it(url: str) -> None:
    assert base_url(url) == "http://h/v1/"


def test_key_is_sent_when_the_server_needs_one(model: FakeModel) -> None:
    generated(model, key="sk-1")

    assert model.keys == ["Bearer sk-1"]


def test_first_token_is_timed_when_the_server_streams(model: FakeModel) -> None:
    sample = generated(model)

    assert sample.text == "one two three"
    # The server waits 20 ms before the first word, after an empty chunk that says nothing.
    assert sample.ttft_ms is not None
    assert 20 <= sample.ttft_ms < sample.latency_ms


def test_models_are_the_servers_when_none_are_named(model: FakeModel) -> None:
    async def listed() -> tuple[str, ...]:
        backend = OpenAiBackend(model.url, {})
        await backend.use_listed_models()
        await backend.close()
        return backend.models

    assert finished(listed()) == ("listed-a", "listed-b")


def test_backend_is_unusable_when_no_server_lists_models() -> None:
    async def listed() -> None:
        backend = OpenAiBackend("http://127.0.0.1:9", {})
        try:
            await backend.use_listed_models()
        finally:
            await backend.close()

    with pytest.raises(MisconfiguredError, match="use --model"):
        finished(listed())


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        (400, {"error": {"message": "exceeds the available context"}}, "invalid_argument", False),
        (404, {"error": "model 'x' not found"}, "model_not_found", False),
        (401, {"error": "bad key"}, "internal", True),
        (429, None, "throttled", True),
        (500, {"error": {"message": "CUDA out of memory"}}, "device_out_of_memory", True),
        (500, "broken", "runtime_crash", True),
        (503, {"error": {"message": "Loading model"}}, "server_unavailable", True),
        (502, "<h1>Bad Gateway</h1>", "server_unavailable", True),
        (404, {"detail": "Not Found"}, "server_unavailable", True),
        (404, "404 page not found", "server_unavailable", True),
        (404, {"error": {"message": "x", "code": "model_not_found"}}, "model_not_found", False),
        (404, {"message": "The model `x` does not exist."}, "model_not_found", False),
        (400, {"error": {"message": "model 'x' not found"}}, "model_not_found", False),
        (400, {"error": "unknown model architecture: 'y'"}, "version_mismatch", True),
    ],
)
def test_refusal_becomes_a_failure_code_when_the_server_refuses(
    model: FakeModel, status: int, body: Any, code: str, retryable: bool
) -> None:
    model.refusal = (status, body)

    found = failure(model)

    assert (found.code, found.retryable) == (code, retryable)


@pytest.mark.parametrize(
    "line",
    [
        "data: {broken\n\n",
        "data: [1]\n\n",
        'data: {"error": {"message": "slot died"}}\n\n',
        'error: {"message": "slot died"}\n\n',
    ],
)
def test_attempt_crashes_when_the_stream_goes_wrong(model: FakeModel, line: str) -> None:
    def script(body: dict[str, Any]) -> Steps:
        yield content("half")
        yield line

    model.script = script

    assert failure(model).code == "runtime_crash"


def test_stream_is_understood_when_it_has_comments_and_no_space(model: FakeModel) -> None:
    def script(body: dict[str, Any]) -> Steps:
        yield ": ping\n\n"
        yield "event: message\n"
        yield 'data:{"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n'

    model.script = script

    assert generated(model).text == "ok"


def test_backend_is_not_ready_when_its_server_went_away(model: FakeModel) -> None:
    async def scenario() -> list[bool]:
        backend = OpenAiBackend("http://127.0.0.1:9", {"tiny": "tiny"})
        there = OpenAiBackend(model.url, {"tiny": "tiny"})
        try:
            return [await backend.ready(), await there.ready()]
        finally:
            await backend.close()
            await there.close()

    assert finished(scenario()) == [False, True]
