"""Calls from the client to a device and back, each of them one run."""

import asyncio
import json
from typing import Any

import pytest

from shared import clock
from shared.aws import Bucket, Table
from shared.runs import Run, decode_runs
from tests.functions.gateway.conftest import credential
from tests.functions.gateway.kit import (
    METRICS,
    FakeDevice,
    Gate,
    Reply,
    endless,
    failing,
    refusing,
    three_words,
)
from tests.kit.loops import finish

ASK = {"model": "tiny", "prompt": "Count."}
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Count."}]}


@pytest.fixture
def runs(bucket: Bucket) -> Any:
    """The runs that were recorded."""

    def read() -> list[Run]:
        return [
            run
            for stored in bucket.list("segments/")
            for run in decode_runs(bucket.get(stored.key))
        ]

    return read


@pytest.fixture
def seats(tables: dict[str, Table]) -> Any:
    """The seats that are taken."""
    return lambda: list(tables["GatewayTable"].query("USER#ada", prefix="SEAT#"))


def test_answer_has_output_figures_and_phases_when_a_device_answers(
    gate: Gate, runs: Any, seats: Any
) -> None:
    gate.device()

    reply = gate.ask(body=ASK)

    said = reply.json
    assert (reply.status, said["output"], said["device"]) == (200, "one two three", "dev-1")
    assert said["usage"] == {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    assert said["metrics"] == METRICS
    assert said["request_id"] == reply.headers["X-Request-Id"]
    phases = said["phases"]
    parts = [ms for name, ms in phases.items() if name != "total_ms" and ms is not None]
    assert phases["total_ms"] == pytest.approx(sum(parts), abs=1e-6)
    assert (phases["queue_ms"], phases["prefill_ms"]) == (20.0, 10.0)
    assert "total;dur=" in reply.headers["Server-Timing"]
    (run,) = runs()
    assert (run.run_id, run.ok, run.source_kind) == (said["run_id"], True, "gateway")
    assert (run.device, run.model, run.tenant) == ("dev-1", "tiny", "ada")
    assert (run.latency_ms, run.ttft_ms, run.prompt_preview) == (90.0, 30.0, None)
    assert run.extra.keys() == {"Gateway TTFT (ms)", "Gateway overhead (ms)"}
    assert seats() == []


def test_device_is_asked_in_the_words_of_a_chat_when_options_are_those_of_jobs(gate: Gate) -> None:
    gate.device()
    options = {"num_predict": 7, "temperature": 0.5, "min_p": 0.1}

    gate.ask(body={**ASK, "system": "be brief", "options": options})

    (asked, *_) = gate.devices["dev-1"].heard
    assert asked["body"] == {
        "max_tokens": 7,
        "temperature": 0.5,
        "min_p": 0.1,
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "Count."},
        ],
    }
    assert "ada" not in json.dumps(asked)


def test_run_has_tag_and_preview_when_they_are_asked_for(gate: Gate, runs: Any) -> None:
    gate.device()

    gate.ask(body={**ASK, "preview": True}, headers={"X-Evalyard-Tag": "night"})

    (run,) = runs()
    assert (run.tag, run.prompt_preview) == ("night", "Count.")


def test_words_come_as_events_when_the_answer_is_streamed(gate: Gate, runs: Any) -> None:
    gate.device()

    reply = gate.ask("/ask_stream", ASK)

    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.headers["Cache-Control"] == "no-cache, no-transform"
    assert reply.headers["X-Accel-Buffering"] == "no"
    names = [name for name, _ in reply.events]
    assert names == ["started", "token", "token", "token", "usage", "done"]
    tokens = [data for name, data in reply.events if name == "token"]
    assert [token["i"] for token in tokens] == [0, 1, 2]
    assert [token["text"] for token in tokens] == ["one ", "two ", "three"]
    assert tokens[0]["t_ms"] == 10.0
    (run,) = runs()
    assert reply.events[-1][1]["run_id"] == run.run_id


def test_words_come_a_line_each_when_lines_are_accepted(gate: Gate) -> None:
    gate.device()

    reply = gate.ask("/ask_stream", ASK, headers={"Accept": "application/x-ndjson"})

    events = [json.loads(line) for line in reply.body.splitlines()]
    assert [event["event"] for event in events][:2] == ["started", "token"]
    assert events[-1]["event"] == "done"


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


@pytest.mark.parametrize("body", [{**ASK, "device": "dev-2"}, {**ASK, "model": "tiny@dev-2"}])
def test_pinned_device_answers_when_a_call_names_it(gate: Gate, body: Any) -> None:
    gate.device()
    gate.device("dev-2")

    said = gate.ask(body=body).json

    assert (said["device"], said["model"]) == ("dev-2", "tiny")


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [("", 401, None), ("eyk_other", 401, None), ("eyt_test", 403, "forbidden")],
)
@pytest.mark.parametrize("path", ["/ask", "/ask_stream"])
def test_call_is_refused_when_its_key_is_none(
    gate: Gate, path: str, key: str, status: int, code: str | None
) -> None:
    gate.device()

    reply = gate.ask(path, ASK, headers={"X-Api-Key": key, "X-User-Token": "eyt_test"})

    assert (reply.status, reply.json.get("code")) == (status, code)
    if status == 401:
        assert reply.body == b'{"message":"Unauthorized"}'


@pytest.mark.parametrize(
    ("scope", "least", "listed"),
    [("read", "full", 200), ("ingest", "full", 403), ("metrics", "full", 403)],
)
def test_call_is_refused_when_the_scope_of_its_key_is_narrower(
    gate: Gate, tables: dict[str, Table], scope: str, least: str, listed: int
) -> None:
    gate.device()
    tables["AccountsTable"].put(credential("eyk_narrow", "api_key", scope=scope))
    headers = {"X-Api-Key": "eyk_narrow"}

    asked = gate.ask("/ask", ASK, headers=headers)
    models = gate.ask("/v1/models", headers=headers, method="GET")

    assert (asked.status, asked.json["required_scope"]) == (403, least)
    assert models.status == listed


def test_call_is_refused_in_openais_words_when_its_key_is_unknown(gate: Gate) -> None:
    reply = gate.ask("/v1/chat/completions", CHAT, headers={"X-Api-Key": "eyk_other"})

    assert (reply.status, reply.json["error"]["code"]) == (401, "invalid_api_key")


def test_bearer_is_a_key_when_there_is_no_other(gate: Gate) -> None:
    gate.device()

    reply = gate.ask(body=ASK, headers={"X-Api-Key": "", "Authorization": "Bearer eyk_test"})

    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "malformed_json"),
        ('{"model":"tiny","prompt":"a","prompt":"b"}', 422, "duplicate_key"),
        ('{"model":"tiny","prompt":NaN}', 400, "malformed_json"),
        ([], 422, "validation_failed"),
        ({"model": "tiny"}, 422, "validation_failed"),
        ({**ASK, "prompt": ""}, 422, "validation_failed"),
        ({**ASK, "prompt": "x" * 200_001}, 422, "validation_failed"),
        ({**ASK, "max_wait_s": 601}, 422, "validation_failed"),
        ({**ASK, "timeout_s": 0}, 422, "validation_failed"),
        ({**ASK, "options": {"num_predict": 0}}, 422, "validation_failed"),
        ({**ASK, "model": "huge"}, 404, "model_not_found"),
        ({**ASK, "device": "dev-9"}, 404, "device_not_found"),
    ],
    ids=range(12),
)
def test_call_is_refused_when_it_is_not_acceptable(
    gate: Gate, body: Any, status: int, code: str
) -> None:
    gate.device()

    reply = gate.ask(body=body)

    assert (reply.status, reply.json["code"]) == (status, code)
    if code == "model_not_found":
        assert reply.json["allowed"] == ["tiny"]


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/ask", {**ASK, "prompt": "x" * 200_001}, None),
        ("/ask", {**ASK, "system": "x" * 200_001}, None),
        ("/ask_stream", {**ASK, "prompt": "é" * 200_001}, None),
        ("/ask_trace", {**ASK, "prompt": "x" * 200_001}, None),
        ("/v1/completions", {"model": "tiny", "prompt": "x" * 200_001}, "prompt"),
        ("/v1/chat/completions", {**CHAT, "messages": [{"content": "x" * 200_001}]}, "messages"),
        (
            "/v1/chat/completions",
            {**CHAT, "messages": [{"content": [{"text": "x" * 100_001}] * 2}]},
            "messages",
        ),
    ],
    ids=range(7),
)
def test_size_is_refused_before_devices_are_looked_for(
    gate: Gate, path: str, body: Any, param: str | None
) -> None:
    """No device is there at all, so that looking for one would be a 503 or a 404."""
    reply = gate.ask(path, body)

    said = reply.json.get("error", reply.json)
    expected = 422 if param is None else 400
    assert (reply.status, said["code"], said.get("param")) == (expected, "validation_failed", param)


def test_size_of_an_item_is_refused_before_devices_are_looked_for(gate: Gate) -> None:
    body = {"items": [{**ASK, "prompt": "x" * 200_001}]}

    (result,) = gate.ask("/ask_batch", body).json["results"]

    assert (result["status"], result["problem"]["code"]) == (422, "validation_failed")


def test_the_envelope_names_the_models_that_are_served(gate: Gate) -> None:
    gate.device()

    asked = gate.ask("/v1/chat/completions", {**CHAT, "model": "huge"})
    looked = gate.ask("/v1/models/huge", None, method="GET")

    assert (asked.status, asked.json["error"]["allowed"]) == (404, ["tiny"])
    assert (looked.status, looked.json["error"]["allowed"]) == (404, ["tiny"])


def test_chat_is_refused_when_it_wants_several_answers(gate: Gate) -> None:
    reply = gate.ask("/v1/chat/completions", {**CHAT, "n": 2})

    assert (reply.status, reply.json["error"]["param"]) == (400, "n")


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/ask", "GET", 405, "method_not_allowed"),
        ("/v1/models", "POST", 405, "method_not_allowed"),
        ("/v1/nothing", "POST", 404, "route_not_found"),
    ],
)
def test_call_is_refused_when_there_is_no_such_path(
    gate: Gate, path: str, method: str, status: int, code: str
) -> None:
    reply = gate.ask(path, {}, method=method)

    said = reply.json
    assert (reply.status, said.get("code") or said["error"]["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/ask", "/ask_stream", "/v1/chat/completions", "/v1/models"])
def test_400_when_a_parameter_is_in_the_query(gate: Gate, path: str) -> None:
    method = "GET" if path == "/v1/models" else "POST"
    reply = gate.ask(f"{path}?zz=", {}, method=method)

    said = reply.json
    code = said.get("code") or said["error"]["code"]
    assert (reply.status, code) == (400, "unknown_parameter")
    assert path.startswith("/v1") or said["allowed"] == []


@pytest.mark.parametrize(("path", "status"), [("/ask", 422), ("/v1/chat/completions", 400)])
def test_call_is_refused_when_its_tag_is_too_long(gate: Gate, path: str, status: int) -> None:
    reply = gate.ask(path, CHAT if "/v1" in path else ASK, headers={"X-Evalyard-Tag": "x" * 257})

    said = reply.json
    code = said.get("code") or said["error"]["code"]
    assert (reply.status, code) == (status, "validation_failed")


@pytest.mark.parametrize(
    ("presence", "why"),
    [
        ({"last_seen_us": 1}, "offline"),
        ({"reported_ready": False, "reported_reason": "hot"}, "hot"),
        ({"reported_calls": False}, "not connected"),
    ],
)
def test_call_is_refused_at_once_when_no_device_is_ready(
    gate: Gate, presence: dict[str, Any], why: str, seats: Any
) -> None:
    gate.device(**presence)

    reply = gate.ask(body=ASK)

    assert (reply.status, reply.json["code"]) == (503, "no_device_ready")
    assert why in reply.json["detail"]
    assert int(reply.headers["Retry-After"]) > 0
    assert seats() == []


def test_call_is_refused_when_the_device_is_another_users(gate: Gate) -> None:
    gate.device(owner="bob")

    assert gate.ask(body=ASK).json["code"] == "model_not_found"
    assert gate.ask(body={**ASK, "device": "dev-1"}).json["code"] == "device_not_found"


def test_call_is_refused_with_the_queue_when_devices_are_full(gate: Gate, runs: Any) -> None:
    gate.device(script=refusing("full", ahead=4, retry_after_s=9))

    reply = gate.ask(body=ASK)
    chat = gate.ask("/v1/chat/completions", CHAT)

    assert (reply.status, reply.json["code"], reply.json["ahead"]) == (429, "queue_full", 4)
    assert reply.headers["Retry-After"] == "9"
    assert (chat.json["error"]["code"], chat.headers["X-Evalyard-Ahead"]) == ("queue_full", "4")
    assert runs() == []


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("invalid_argument", 422, "invalid_argument"),
        ("internal", 502, "device_error"),
        ("timeout", 504, "timeout"),
    ],
)
def test_failure_is_said_and_is_a_run_when_the_device_fails(
    gate: Gate, runs: Any, seats: Any, code: str, status: int, said: str
) -> None:
    gate.device(script=failing(code, "its own words"))

    reply = gate.ask(body=ASK)

    assert (reply.status, reply.json["code"]) == (status, said)
    assert reply.json["detail"] == "its own words"
    (run,) = runs()
    assert (run.ok, run.device, run.latency_ms) == (False, "dev-1", None)
    assert seats() == []


def test_stream_ends_with_an_error_when_the_device_fails_in_the_middle(
    gate: Gate, runs: Any
) -> None:
    gate.device(script=failing("runtime_crash", "gone", words=2, retryable=True))

    native = gate.ask("/ask_stream", ASK)
    chat = gate.ask("/v1/chat/completions", {**CHAT, "stream": True})

    assert (native.status, native.events[-1][0]) == (200, "error")
    assert native.events[-1][1]["code"] == "device_error"
    assert json.loads(chat.data[-1])["error"]["code"] == "device_error"
    assert "[DONE]" not in chat.data
    assert [run.ok for run in runs()] == [False, False]


def test_another_device_answers_when_the_first_is_silent(gate: Gate, runs: Any) -> None:
    async def silent(_: FakeDevice, __: dict[str, Any]) -> None:
        return

    gate.device(script=silent)
    gate.device("dev-2")

    said = gate.ask(body=ASK).json

    assert (said["device"], said["output"]) == ("dev-2", "one two three")
    assert [run.device for run in runs()] == ["dev-2"]


def test_device_stops_when_the_client_leaves(gate: Gate, runs: Any, seats: Any) -> None:
    gate.device(script=endless)

    gate.ask("/ask_stream", ASK, stops_reading=3)

    assert gate.devices["dev-1"].cancelled.is_set()
    (run,) = runs()
    assert (run.ok, run.completion_tokens, run.latency_ms) == (True, 2, None)
    assert run.extra["Cancelled"] == 1.0
    assert seats() == []


async def waits(device: FakeDevice, ask: dict[str, Any]) -> None:
    """A device on which the call waits until it is cancelled."""
    await device.say(ask, "accepted", ahead=2)
    await device.cancelled.wait()
    await device.say(ask, "cancelled", finish_reason="cancelled")


@pytest.mark.parametrize("script", [endless, waits])
def test_device_stops_when_the_client_leaves_before_the_answer_begins(
    gate: Gate, seats: Any, script: Any
) -> None:
    gate.device(script=script)

    gate.ask(body=ASK, leaves=True)

    assert gate.devices["dev-1"].cancelled.is_set()
    assert seats() == []


def test_stream_ends_as_cancelled_when_it_is_cancelled_from_elsewhere(
    gate: Gate, runs: Any
) -> None:
    gate.device(script=endless)
    cancels: list[Reply] = []

    async def cancel(ask_id: str) -> None:
        cancels.append(await gate.cancel(ask_id))

    reply = gate.ask("/ask_stream", ASK, meanwhile=cancel)

    (cancelled,) = cancels
    assert (cancelled.status, cancelled.json["status"]) == (202, "cancelling")
    assert cancelled.json["request_id"] == reply.headers["X-Request-Id"]
    name, done = reply.events[-1]
    assert (name, done["finish_reason"]) == ("done", "cancelled")
    (run,) = runs()
    assert run.extra["Cancelled"] == 1.0


def test_waiting_call_is_409_when_it_is_cancelled(gate: Gate, runs: Any, seats: Any) -> None:
    gate.device(script=waits)

    reply = gate.ask(body=ASK, meanwhile=gate.cancel)

    assert (reply.status, reply.json["code"]) == (409, "cancelled")
    assert (runs(), seats()) == ([], [])


def test_cancel_is_404_when_the_call_is_unknown_ended_or_anothers(
    gate: Gate, tables: dict[str, Table]
) -> None:
    tables["AccountsTable"].put(credential("eyk_bob", "api_key", "bob"))
    gate.device(script=endless)
    replies: list[Reply] = []

    async def cancel(ask_id: str) -> None:
        replies.append(await gate.cancel(ask_id, **{"X-Api-Key": "eyk_bob"}))
        replies.append(await gate.cancel("ask_unknown"))
        await gate.cancel(ask_id)

    ended = gate.ask("/ask_stream", ASK, meanwhile=cancel).headers["X-Request-Id"]
    replies.append(gate.ask(f"/ask/{ended}/cancel", {}))

    assert [(each.status, each.json["code"]) for each in replies] == [
        (404, "request_not_found")
    ] * 3


def test_items_have_answer_or_problem_in_order_when_they_are_a_batch(gate: Gate, runs: Any) -> None:
    gate.device("dev-1")
    gate.device("dev-2")
    gate.device("dev-3", failing("internal", "broken"))
    pinned = [{**ASK, "device": f"dev-{number}"} for number in (1, 3, 2)]

    reply = gate.ask("/ask_batch", {"items": [*pinned, {"model": "tiny"}, 7], "parallel": 2})

    results = reply.json["results"]
    assert [result["status"] for result in results] == [200, 502, 200, 422, 422]
    assert [results[number]["answer"]["device"] for number in (0, 2)] == ["dev-1", "dev-2"]
    assert results[1]["problem"]["detail"] == "broken"
    assert results[3]["problem"]["errors"][0]["pointer"] == "/prompt"
    assert len({result["answer"]["run_id"] for result in results if "answer" in result}) == 2
    assert sorted(run.ok for run in runs()) == [False, True, True]


@pytest.mark.parametrize("items", [[], [ASK] * 65])
def test_batch_is_refused_when_it_has_no_items_or_too_many(gate: Gate, items: list[Any]) -> None:
    reply = gate.ask("/ask_batch", {"items": items})

    assert (reply.status, reply.json["code"]) == (422, "invalid_batch")


def test_item_waits_for_a_place_when_all_are_taken(
    gate: Gate, tables: dict[str, Table], seats: Any
) -> None:
    gate.device()
    held = [{"pk": "USER#ada", "sk": f"SEAT#{number:02d}", "ask_id": "x"} for number in range(8)]
    for seat in held:
        tables["GatewayTable"].put(seat)

    async def batch_and_free() -> list[Reply]:
        async def later() -> None:
            await asyncio.sleep(0.7)
            tables["GatewayTable"].delete("USER#ada", "SEAT#03")

        freed = asyncio.create_task(later())
        replies = await gate._asks([("/ask_batch", {"items": [ASK]})])
        await freed
        return replies

    (reply,) = finish(batch_and_free())

    assert reply.json["results"][0]["status"] == 200
    assert len(seats()) == 7


def test_devices_say_how_they_are_when_they_are_warmed_up(gate: Gate, runs: Any) -> None:
    gate.device("dev-1")
    gate.device("dev-2", failing("model_invalid", "its file is broken"))

    said = gate.ask("/warmup", {"model": "tiny"}).json["devices"]

    assert said == [
        {"serial": "dev-1", "ready": True, "load_ms": None, "detail": None},
        {"serial": "dev-2", "ready": False, "load_ms": None, "detail": "its file is broken"},
    ]
    assert gate.devices["dev-1"].heard[0]["body"]["max_tokens"] == 1
    assert runs() == []


def test_only_named_devices_are_warmed_up_when_some_are_named(gate: Gate) -> None:
    gate.device("dev-1")
    gate.device("dev-2")

    said = gate.ask("/warmup", {"model": "tiny", "devices": ["dev-2", "dev-9"]}).json["devices"]

    assert [(each["serial"], each["ready"]) for each in said] == [("dev-2", True), ("dev-9", False)]
    assert gate.ask("/warmup", {"model": "huge"}).json["code"] == "model_not_found"


def test_trace_has_spans_and_pieces_when_it_is_asked_for(gate: Gate) -> None:
    gate.device()

    said = gate.ask("/ask_trace", ASK).json

    spans = {span["name"]: span for span in said["spans"]}
    assert {name: span["clock"] for name, span in spans.items()} == {
        "gateway": "gateway",
        "network": "gateway",
        "finish": "gateway",
        "queue": "device",
        "prefill": "device",
        "decode": "device",
    }
    assert spans["prefill"]["start_ms"] == spans["queue"]["duration_ms"] == 20.0
    assert said["chunks"][:3] == [[10.0, 4], [20.0, 4], [30.0, 5]]


def test_seats_are_exact_when_more_calls_come_at_once(gate: Gate, runs: Any, seats: Any) -> None:
    together = asyncio.Barrier(8)

    async def waits_for_eight(device: FakeDevice, ask: dict[str, Any]) -> None:
        await together.wait()
        await three_words(device, ask)

    for number in range(12):
        gate.device(f"dev-{number}", waits_for_eight)
    calls = [("/ask", {**ASK, "device": f"dev-{number}"}) for number in range(12)]

    replies: list[Reply] = gate.asks(*calls)

    codes = sorted((reply.status, reply.json.get("code", "")) for reply in replies)
    assert codes == [(200, "")] * 8 + [(429, "parallel_limit")] * 4
    assert len(runs()) == 8
    assert seats() == []


def test_body_is_fetched_by_the_device_when_no_message_can_carry_it(
    gate: Gate, bucket: Bucket
) -> None:
    gate.device()

    reply = gate.ask(body={**ASK, "prompt": "x" * 150_000})

    (asked, *_) = gate.devices["dev-1"].heard
    (stored,) = bucket.list("asks/")
    assert reply.status == 200
    assert "body" not in asked
    assert stored.key in asked["body_url"]
    assert len(json.loads(bucket.get(stored.key))["messages"][0]["content"]) == 150_000


def test_key_is_refused_within_a_minute_when_it_is_revoked(
    gate: Gate, tables: dict[str, Table]
) -> None:
    expired = credential("eyk_old", "api_key", expires_us=clock.now_us() - 1)
    tables["AccountsTable"].put(expired)

    assert gate.ask(body=ASK, headers={"X-Api-Key": "eyk_old"}).status == 401
