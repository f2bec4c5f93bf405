"""`/v1`: answers as clients of OpenAI know them."""

import json
from typing import Any

import pytest

from tests.functions.gateway.kit import CHAT, METRICS, FakeDevice, Gate


def test_chat_is_as_openais_when_it_is_whole(gate: Gate) -> None:
    gate.device()

    said = gate.ask("/v1/chat/completions", CHAT).json

    assert (said["object"], said["model"]) == ("chat.completion", "tiny")
    (choice,) = said["choices"]
    assert choice["message"] == {"role": "assistant", "content": "one two three"}
    assert choice["finish_reason"] == "stop"
    assert said["usage"]["total_tokens"] == 8


@pytest.mark.parametrize("usage", [True, False])
def test_chat_is_as_openais_when_it_is_streamed(gate: Gate, usage: bool) -> None:
    gate.device()
    body = {**CHAT, "stream": True, "stream_options": {"include_usage": usage}}

    reply = gate.ask("/v1/chat/completions", body)

    assert b"event:" not in reply.body
    assert b"id:" not in reply.body.replace(b'"id":', b"")
    *chunks, done = reply.data
    assert done == "[DONE]"
    said = [json.loads(chunk) for chunk in chunks]
    choices = [choice for chunk in said for choice in chunk["choices"]]
    assert choices[0]["delta"] == {"role": "assistant", "content": "one "}
    assert (choices[-1]["delta"], choices[-1]["finish_reason"]) == ({}, "stop")
    assert [each["finish_reason"] for each in choices[:-1]] == [None] * 3
    assert [chunk["usage"]["total_tokens"] for chunk in said if not chunk["choices"]] == [8] * usage


def test_text_is_gone_on_with_when_a_completion_is_asked(gate: Gate) -> None:
    gate.device()
    body = {"model": "tiny", "prompt": "Count:", "max_tokens": 9}

    whole = gate.ask("/v1/completions", body).json
    stream = gate.ask("/v1/completions", {**body, "stream": True})

    (choice,) = whole["choices"]
    assert (whole["object"], choice["text"]) == ("text_completion", "one two three")
    assert choice["finish_reason"] == "stop"
    *chunks, done = stream.data
    assert done == "[DONE]"
    choices = [choice for chunk in chunks for choice in json.loads(chunk)["choices"]]
    assert "".join(choice["text"] for choice in choices) == "one two three"
    assert [choice["finish_reason"] for choice in choices] == [None] * 3 + ["stop"]
    assert gate.devices["dev-1"].heard[0]["body"] == {"prompt": "Count:", "max_tokens": 9}


def test_what_the_models_server_says_passes_unchanged_when_it_calls_tools(gate: Gate) -> None:
    async def calls_a_tool(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.say(ask, "started")
        for part in (
            {"index": 0, "id": "c1", "type": "function", "function": {"name": "f"}},
            {"index": 0, "function": {"arguments": '{"a":'}},
            {"index": 0, "function": {"arguments": "1}"}},
        ):
            await device.piece(ask, delta={"tool_calls": [part], "reasoning_content": "hm "})
        await device.say(ask, "done", finish_reason="tool_calls", metrics=METRICS, usage={"x": 1})

    gate.device(script=calls_a_tool)
    tools = [{"type": "function", "function": {"name": "f"}}]

    said = gate.ask("/v1/chat/completions", {**CHAT, "tools": tools}).json

    (choice,) = said["choices"]
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    assert choice["message"]["tool_calls"] == [call]
    assert choice["message"]["reasoning_content"] == "hm hm hm "
    assert (choice["finish_reason"], said["usage"]) == ("tool_calls", {"x": 1})
    assert gate.devices["dev-1"].heard[0]["body"]["tools"] == tools


def test_models_are_those_that_are_answerable_when_they_are_listed(gate: Gate) -> None:
    gate.device()
    gate.device("dev-2", registered_models=["other"], reported_calls=False)

    listed = gate.ask("/v1/models", method="GET").json
    one = gate.ask("/v1/models/tiny", method="GET")
    none = gate.ask("/v1/models/huge", method="GET")

    assert [model["id"] for model in listed["data"]] == ["tiny"]
    assert (one.status, one.json["owned_by"]) == (200, "evalyard")
    assert (none.status, none.json["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_the_device_says_how_much_when_a_length_has_no_end_and_none_is_refused(
    gate: Gate, path: str, name: str
) -> None:
    gate.device()
    body = {**CHAT, "prompt": "Count:"}

    none = gate.ask(path, {**body, name: 0})
    bodies = []
    for length in (-1, 3):
        assert gate.ask(path, {**body, name: length}).status == 200
        bodies.append([each["body"] for each in gate.devices["dev-1"].heard if "body" in each][-1])

    assert (none.status, none.json["error"]["param"]) == (400, name)
    assert name not in bodies[0]
    assert bodies[1][name] == 3


def test_chat_is_refused_when_it_wants_several_answers(gate: Gate) -> None:
    reply = gate.ask("/v1/chat/completions", {**CHAT, "n": 2})

    assert (reply.status, reply.json["error"]["param"]) == (400, "n")
