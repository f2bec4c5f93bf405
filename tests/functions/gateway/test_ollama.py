"""`/api`: answers as clients of Ollama know them."""

import json
from typing import Any

import pytest

from tests.functions.gateway.kit import (
    CHAT,
    METRICS,
    FakeDevice,
    Gate,
    Reply,
    Script,
    endless,
    failing,
    three_words,
)

GENERATE = {"model": "tiny", "prompt": "Count."}
TOO_LONG = "x" * 200_001
IMAGE = "iVBORw0KGgo="
CALL = {"function": {"name": "f", "arguments": {"a": 1}}}
FIGURES = {
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
    "total_duration",
}


def lines(reply: Reply) -> list[Any]:
    """The objects of a stream; an empty line would be none."""
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in reply.body.decode().removesuffix("\n").split("\n")]


def saying(*deltas: dict[str, Any], load_ms: float | None = None) -> Script:
    """A device whose model's server says these deltas."""

    async def script(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.say(ask, "started")
        for delta in deltas:
            await device.piece(ask, delta=delta)
        await device.say(ask, "done", finish_reason="tool_calls", metrics=METRICS, load_ms=load_ms)

    return script


def asked(gate: Gate) -> Any:
    """What the device was given for its model's server."""
    return gate.devices["dev-1"].heard[0]["body"]


@pytest.mark.parametrize(
    ("path", "body"), [("/api/chat", CHAT), ("/api/generate", GENERATE)], ids=["chat", "generate"]
)
def test_answer_is_streamed_a_line_each_when_nothing_else_is_said(
    gate: Gate, runs: Any, path: str, body: Any
) -> None:
    gate.device()

    reply = gate.ask(path, body)

    *pieces, last = lines(reply)
    said = [
        piece["message"]["content"] if "chat" in path else piece["response"] for piece in pieces
    ]
    assert said == ["one ", "two ", "three"]
    assert {(piece["model"], piece["done"]) for piece in pieces} == {("tiny", False)}
    assert (last["done"], last["done_reason"]) == (True, "stop")
    assert (last["prompt_eval_count"], last["eval_count"]) == (5, 3)
    # The device's own clock says 10 ms of prefill and 40 of decoding.
    assert (last["prompt_eval_duration"], last["eval_duration"]) == (10_000_000, 40_000_000)
    assert last["total_duration"] > 0
    assert last.keys() & FIGURES == FIGURES - {"load_duration"}
    (run,) = runs()
    assert (run.source_kind, run.ok, run.prompt_preview) == ("gateway", True, None)


@pytest.mark.parametrize(
    ("path", "body"), [("/api/chat", CHAT), ("/api/generate", GENERATE)], ids=["chat", "generate"]
)
def test_answer_is_one_object_when_it_is_not_to_be_streamed(
    gate: Gate, path: str, body: Any
) -> None:
    gate.device(script=saying({"reasoning_content": "hm "}, {"content": "one"}, load_ms=2.5))

    reply = gate.ask(path, {**body, "stream": False}, headers={"Content-Type": ""})

    said = reply.json
    words = said["message"] if "chat" in path else said
    assert words["content" if "chat" in path else "response"] == "one"
    assert words["thinking"] == "hm "
    assert (said["done"], said["load_duration"]) == (True, 2_500_000)
    assert reply.headers["Content-Type"] == "application/json"


def test_chat_is_asked_in_openais_words_when_it_has_tools_images_and_options(gate: Gate) -> None:
    gate.device()
    messages = [
        {"role": "user", "content": "Look.", "images": [IMAGE]},
        {"role": "assistant", "thinking": "hm", "tool_calls": [CALL, {"function": {"name": "g"}}]},
        {"role": "tool", "content": "7", "tool_name": "g"},
        {"role": "tool", "content": "8"},
    ]
    tools = [{"type": "function", "function": {"name": "f"}}]
    options = {"num_predict": 9, "num_ctx": 4096, "temperature": 0, "seed": None, "min_p": 0.1}
    body = {"messages": messages, "tools": tools, "options": options, "format": "json"}

    reply = gate.ask("/api/chat", {"model": "tiny", "think": False, "keep_alive": "5m", **body})

    url = {"url": f"data:image/png;base64,{IMAGE}"}
    names = [("call_1_0", "f", '{"a":1}'), ("call_1_1", "g", "{}")]
    calls = [
        {"id": each, "type": "function", "function": {"name": name, "arguments": arguments}}
        for each, name, arguments in names
    ]
    assert reply.status == 200
    assert asked(gate) == {
        "max_tokens": 9,
        "temperature": 0,
        "min_p": 0.1,
        "chat_template_kwargs": {"enable_thinking": False},
        "reasoning_effort": "none",
        "response_format": {"type": "json_object"},
        "tools": tools,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look."},
                    {"type": "image_url", "image_url": url},
                ],
            },
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "hm",
                "tool_calls": calls,
            },
            {"role": "tool", "content": "7", "tool_call_id": "call_1_1"},
            {"role": "tool", "content": "8", "tool_call_id": "call_1_0"},
        ],
    }


def test_prompt_is_asked_as_a_chat_when_it_has_a_system_text(gate: Gate) -> None:
    gate.device()
    schema = {"type": "object"}
    more = {"options": {"num_predict": -1}, "think": "low", "logprobs": True, "top_logprobs": 2}

    gate.ask("/api/generate", {**GENERATE, "system": "Be brief.", "format": schema, **more})

    wanted = {"name": "answer", "schema": schema, "strict": True}
    assert asked(gate) == {
        "reasoning_effort": "low",
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": wanted},
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Count."},
        ],
    }


def test_text_is_gone_on_with_when_a_prompt_is_raw(gate: Gate) -> None:
    gate.device()

    gate.ask("/api/generate", {**GENERATE, "raw": True, "suffix": "end", "options": {"top_k": 3}})

    assert asked(gate) == {"prompt": "Count.", "suffix": "end", "top_k": 3}


@pytest.mark.parametrize("stream", [True, False])
def test_calls_of_tools_are_objects_when_the_model_calls_them(gate: Gate, stream: bool) -> None:
    def part(index: int, **function: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": index, "function": function}]}

    gate.device(
        script=saying(
            part(0, name="f", arguments='{"a":'), part(0, arguments="1}"), part(1, name="g")
        )
    )

    reply = gate.ask("/api/chat", {**CHAT, "stream": stream})

    said = lines(reply) if stream else [reply.json]
    (calls,) = [each["message"]["tool_calls"] for each in said if "tool_calls" in each["message"]]
    assert calls == [CALL, {"function": {"name": "g", "arguments": {}}}]
    assert said[-1]["done_reason"] == "stop"


def test_words_of_a_model_are_kept_when_its_tools_arguments_are_no_json(gate: Gate) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{1"}}
    gate.device(script=saying({"tool_calls": [call]}))

    said = gate.ask("/api/chat", {**CHAT, "stream": False}).json["message"]

    assert said["tool_calls"] == [
        {"id": "c", "function": {"name": "f", "arguments": {"arguments": "{1"}}}
    ]


def test_logprobs_are_passed_on_when_the_models_server_says_them(gate: Gate) -> None:
    said = [{"token": "one", "logprob": -0.1, "top_logprobs": []}]

    async def script(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "started")
        await device.piece(ask, "one", logprobs={"content": said})
        await device.say(ask, "done", finish_reason="stop")

    gate.device(script=script)

    streamed = lines(gate.ask("/api/generate", GENERATE))
    whole = gate.ask("/api/generate", {**GENERATE, "stream": False}).json

    assert streamed[0]["logprobs"] == whole["logprobs"] == said
    assert "eval_count" not in whole


@pytest.mark.parametrize(
    ("path", "body"), [("/api/chat", {"messages": []}), ("/api/generate", {"prompt": ""})]
)
def test_model_is_made_ready_when_nothing_is_said_to_it(
    gate: Gate, runs: Any, path: str, body: Any
) -> None:
    gate.device()

    unload = gate.ask(path, {"model": "tiny", "keep_alive": 0, **body})
    ready = gate.ask(path, {"model": "tiny", **body})

    assert (ready.status, ready.json["done_reason"], runs()) == (200, "load", [])
    assert asked(gate)["max_tokens"] == 1
    assert (unload.status, unload.json["code"]) == (400, "invalid_argument")


def test_models_are_listed_when_they_can_be_called(gate: Gate) -> None:
    gate.device()
    gate.device("dev-2", registered_models=["other"], reported_calls=False)

    (model,) = gate.ask("/api/tags", method="GET").json["models"]

    assert (model["name"], model["model"], len(model["digest"])) == ("tiny", "tiny", 64)
    assert gate.ask("/api/version", method="GET").json["version"].count(".") == 2


@pytest.mark.parametrize(
    ("served", "called"), [("tiny", "tiny:latest"), ("tiny:latest", "tiny"), ("a/b:1", "a/b:1")]
)
def test_model_is_found_when_it_is_called_with_or_without_its_tag(
    gate: Gate, served: str, called: str
) -> None:
    gate.device(registered_models=[served])
    gate.tables["DevicesTable"].put(
        {"pk": "FLEET", "sk": "DEVICE#dev-1", "serial": "dev-1", "registered_models": [served]}
    )

    reply = gate.ask("/api/chat", {**CHAT, "model": f"{called}@dev-1", "stream": False})

    assert (reply.status, reply.json.get("model")) == (200, served)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/chat", {"model": "huge", "messages": CHAT["messages"]}, 404, "model_not_found"),
        ("/api/chat", {"messages": []}, 400, "validation_failed"),
        ("/api/chat", "{", 400, "malformed_json"),
        ("/api/chat", {**CHAT, "messages": [{"role": "tool"}]}, 400, "invalid_argument"),
        (
            "/api/chat",
            {**CHAT, "messages": [{"role": "user", "content": TOO_LONG}]},
            400,
            "validation_failed",
        ),
        ("/api/generate", {**GENERATE, "prompt": TOO_LONG}, 400, "validation_failed"),
        ("/api/chat", {**CHAT, "think": "hard"}, 400, "validation_failed"),
        ("/api/generate", {**GENERATE, "context": [1]}, 400, "invalid_argument"),
        ("/api/generate", {**GENERATE, "template": "x"}, 400, "invalid_argument"),
        ("/api/generate", {**GENERATE, "options": {"num_predict": "9"}}, 400, "invalid_argument"),
        ("/api/tags", {}, 405, "method_not_allowed"),
        ("/api/show", {}, 404, "route_not_found"),
    ],
    ids=range(12),
)
def test_error_is_as_ollamas_when_a_call_is_refused(
    gate: Gate, path: str, body: Any, status: int, code: str
) -> None:
    gate.device()

    reply = gate.ask(path, body)

    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.json.keys() == {"error", "code"}
    assert reply.json["error"]


def test_key_is_a_bearer_token_when_ollamas_client_sends_it(gate: Gate) -> None:
    def version(key: str) -> Reply:
        headers = {"X-Api-Key": "", "Authorization": key}
        return gate.ask("/api/version", method="GET", headers=headers)

    assert version("Bearer eyk_test").status == 200
    assert (version("Bearer eyt_test").status, version("Bearer x").status) == (403, 401)
    assert version("").json["code"] == "invalid_api_key"


def test_stream_ends_with_an_error_when_the_device_fails_in_the_middle(gate: Gate) -> None:
    gate.device(script=failing("runtime_crash", "gone", words=2))

    *pieces, last = lines(gate.ask("/api/chat", CHAT))

    assert last == {"error": "gone", "code": "device_error"}
    assert [piece["done"] for piece in pieces] == [False, False]


def test_stream_is_done_when_it_is_cancelled_from_elsewhere(gate: Gate) -> None:
    gate.device(script=endless)

    reply = gate.ask("/api/generate", GENERATE, meanwhile=gate.cancel)

    last = lines(reply)[-1]
    assert (last["done"], last["done_reason"]) == (True, "cancelled")


def test_run_has_the_tag_of_the_header_when_there_is_one(gate: Gate, runs: Any) -> None:
    gate.device()
    gate.device("dev-2", three_words)
    headers = {"X-Evalyard-Tag": "night", "X-Evalyard-Device": "dev-2"}

    gate.ask("/api/chat", CHAT, headers=headers)

    (run,) = runs()
    assert (run.tag, run.device) == ("night", "dev-2")
