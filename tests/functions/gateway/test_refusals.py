"""Calls that are refused, and calls that fail: why, by which status, and what of them stays."""

import json
from typing import Any

import pytest

from shared import clock
from shared.aws import Table
from tests.functions.gateway.conftest import credential
from tests.functions.gateway.kit import ASK, CHAT, Gate, failing, refusing


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


@pytest.mark.parametrize(("path", "methods"), [("/ask_stream", "POST"), ("/v1/models", "GET")])
def test_page_of_another_site_may_ask_when_its_browser_asks_first(
    gate: Gate, path: str, methods: str
) -> None:
    before = gate.ask(path, {}, method="OPTIONS", headers={"X-Api-Key": ""})

    assert (before.status, before.body) == (204, b"")
    assert before.headers["Access-Control-Allow-Methods"] == methods
    assert "X-Api-Key" in before.headers["Access-Control-Allow-Headers"]
    refused = gate.ask(path, {}, method=methods, headers={"X-Api-Key": ""})
    assert refused.status == 401
    for answer in (before, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


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


def test_key_is_refused_within_a_minute_when_it_is_revoked(
    gate: Gate, tables: dict[str, Table]
) -> None:
    expired = credential("eyk_old", "api_key", expires_us=clock.now_us() - 1)
    tables["AccountsTable"].put(expired)

    assert gate.ask(body=ASK, headers={"X-Api-Key": "eyk_old"}).status == 401


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


@pytest.mark.parametrize(("said", "shown"), [((-3, -7), ("0", "1")), ((2, 10**30), ("2", "3600"))])
def test_wait_is_one_that_can_be_waited_when_a_device_says_another(
    gate: Gate, said: tuple[int, int], shown: tuple[str, str]
) -> None:
    gate.device(script=refusing("full", ahead=said[0], retry_after_s=said[1]))

    headers = gate.ask("/v1/chat/completions", CHAT).headers

    assert (headers["X-Evalyard-Ahead"], headers["Retry-After"]) == shown


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
