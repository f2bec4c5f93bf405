"""Streams of servers that keep to their protocol in their own way, and of some that do not."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from evalyard_runner.backends.ollama import OllamaBackend
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation

from tests.runner.kit.loops import finished
from tests.runner.kit.model import FakeModel, content, three_words
from tests.runner.kit.ollama import FakeOllama, final, said

Steps = Iterator[float | str | dict[str, Any]]
WHOLE = {
    "choices": [{"message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 500},
}


def answered(model: FakeModel, *steps: float | str | dict[str, Any]) -> Sample:
    """What the OpenAI backend makes of these steps."""
    model.script = lambda _: iter(steps)
    return asked(OpenAiBackend(model.url, {"tiny": "tiny"}))


def asked(backend: OpenAiBackend | OllamaBackend) -> Sample:
    async def run() -> Sample:
        try:
            return await backend.generate(Generation("tiny", "hello"))
        finally:
            await backend.close()

    return finished(run())


def ollamas(*steps: float | str | dict[str, Any]) -> Sample:
    with FakeOllama(lambda _: iter(steps)) as server:
        return asked(OllamaBackend(server.url, {"tiny": "tiny"}))


def raw(chunk: dict[str, Any]) -> str:
    """Without escapes, as llama.cpp and Ollama write JSON."""
    return json.dumps(chunk, ensure_ascii=False)


@pytest.mark.parametrize("text", ["a\u2028b", "a\u2029b", "a\u0085b", "a\x1cb"])
def test_text_is_whole_when_it_holds_what_python_calls_an_end_of_line(
    model: FakeModel, text: str
) -> None:
    events = [f"data: {raw(content(text))}\n\n", content("", "stop")]

    assert answered(model, *events).text == text
    assert ollamas(raw(said(text)), final()).text == text


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_event_is_one_when_it_has_several_data_lines(model: FakeModel, end: str) -> None:
    lines = json.dumps(content("one", "stop"), indent=1).split("\n")
    event = "".join(f"data: {line}{end}" for line in lines) + end

    assert answered(model, event).text == "one"


def test_events_are_understood_when_the_empty_lines_are_missing(model: FakeModel) -> None:
    lines = [f"data: {json.dumps(content(word))}\n" for word in "ab"]

    assert answered(model, "\ufeffdata:\n\n", *lines, "data: [DONE]\n").text == "ab"


def test_answer_is_whole_when_done_is_its_only_end(model: FakeModel) -> None:
    sample = answered(model, content("all"), "data: [DONE]\n\n", 30.0)

    assert (sample.text, sample.finish_reason) == ("all", None)


def test_answer_is_missing_when_done_is_all_that_came(model: FakeModel) -> None:
    with pytest.raises(GenerationError, match="ended before"):
        answered(model, "data: [DONE]\n\n")


@pytest.mark.exhaustive
def test_answer_is_taken_when_the_server_keeps_the_line_open_after_it(model: FakeModel) -> None:
    released = Event()

    def script(body: dict[str, Any]) -> Steps:
        yield from list(three_words(body))[:-1]
        while not released.wait(0.1):
            yield ": still here\n\n"

    model.script = script
    try:
        sample = asked(OpenAiBackend(model.url, {"tiny": "tiny"}))
    finally:
        released.set()

    assert (sample.text, sample.completion_tokens) == ("one two three", 3)


def test_content_is_joined_when_it_is_a_list_of_parts(model: FakeModel) -> None:
    parts: Any = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    assert answered(model, content(parts), content("c", "stop")).text == "abc"
    assert ollamas(said(parts), final()).text == "ab"


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [None]},
        {"choices": "none"},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 7, "tool_calls": [None, {"function": "f"}]}}]},
        {"usage": [], "timings": 5},
    ],
)
def test_chunk_is_passed_over_when_it_says_nothing(model: FakeModel, odd: dict[str, Any]) -> None:
    assert answered(model, odd, content("a", "stop"), odd).text == "a"


def test_emoji_is_one_when_its_halves_come_in_two_chunks(model: FakeModel) -> None:
    halves = content("\ud83d"), content("\ude00", "stop")

    sample = answered(model, *halves)

    assert (sample.text, sample.replaced) == ("\U0001f600", 0)
    assert ollamas(said("\ud83d"), said("\ude00"), final()).text == "\U0001f600"


def test_half_an_emoji_is_replaced_and_counted_when_the_other_half_is_missing(
    model: FakeModel,
) -> None:
    sample = answered(model, content("a\ud83d"), content("b", "stop"))

    assert (sample.text, sample.replaced) == ("a\ufffdb", 1)


@pytest.mark.parametrize("indent", [None, 2])
def test_answer_is_read_when_the_server_does_not_stream(
    model: FakeModel, indent: int | None
) -> None:
    sample = answered(model, json.dumps(WHOLE, indent=indent))

    assert (sample.text, sample.completion_tokens, sample.ttft_ms) == ("whole", 500, None)
    assert ollamas(json.dumps(final(message={"content": "whole"}), indent=indent)).text == "whole"


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ({"error": {"message": "CUDA out of memory", "code": 500}}, "device_out_of_memory", "CUDA"),
        ({"error": {"message": "bad prompt", "code": 400}}, "invalid_argument", "bad prompt"),
        ({"object": "error", "message": "no such model", "code": 404}, "model_not_found", "no"),
        ({"object": "error", "message": "no such route", "code": 404}, "server_unavailable", "no"),
        ({"detail": "Loading"}, "runtime_crash", "Loading"),
        ({"error": "slot died"}, "runtime_crash", "slot died"),
    ],
)
def test_failure_is_read_when_it_comes_with_status_200(
    model: FakeModel, body: dict[str, Any], code: str, says: str
) -> None:
    with pytest.raises(GenerationError) as caught:
        answered(model, json.dumps(body, indent=1))

    assert (caught.value.code, says in caught.value.message) == (code, True)


def test_error_is_read_when_the_event_is_named_so(model: FakeModel) -> None:
    with pytest.raises(GenerationError, match="slot died"):
        answered(model, content("a"), 'event: error\ndata: {"message": "slot died"}\n\n')


def test_request_is_repeated_without_stream_options_when_a_server_refuses_them(
    model: FakeModel,
) -> None:
    model.dislikes = "stream_options"
    backend = OpenAiBackend(model.url, {"tiny": "tiny"})

    async def twice() -> str:
        try:
            first = await backend.generate(Generation("tiny", "a"))
            return first.text + (await backend.generate(Generation("tiny", "b"))).text
        finally:
            await backend.close()

    assert finished(twice()) == "one two threeone two three"
    assert ["stream_options" in body for body in model.requests] == [True, False, False]


def test_call_is_the_answer_when_the_model_calls_a_tool(model: FakeModel) -> None:
    def piece(**call: Any) -> dict[str, Any]:
        return {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": call}]}}]}

    sample = answered(
        model,
        piece(name="look", arguments='{"at":'),
        piece(arguments="1}"),
        content("", "tool_calls"),
    )

    assert sample.ttft_ms is not None
    assert json.loads(sample.text) == {"tool_calls": [{"name": "look", "arguments": '{"at":1}'}]}


def test_call_is_the_answer_when_ollama_sends_it_whole() -> None:
    calls = [{"function": {"name": name, "arguments": {"at": 1}}} for name in "fg"]

    sample = ollamas(said("", message={"tool_calls": calls}), final())

    assert json.loads(sample.text) == {
        "tool_calls": [{"name": name, "arguments": {"at": 1}} for name in "fg"]
    }
