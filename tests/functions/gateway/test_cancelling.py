"""Calls that are stopped, by a cancel or because their client left."""

from typing import Any

import pytest

from shared.aws import Table
from tests.functions.gateway.conftest import credential
from tests.functions.gateway.kit import ASK, FakeDevice, Gate, Reply, endless, waits


def test_device_stops_when_the_client_leaves(gate: Gate, runs: Any, seats: Any) -> None:
    gate.device(script=endless)

    gate.ask("/ask_stream", ASK, stops_reading=3)

    assert gate.devices["dev-1"].cancelled.is_set()
    (run,) = runs()
    assert (run.ok, run.completion_tokens, run.latency_ms) == (True, 2, None)
    assert run.extra["Cancelled"] == 1.0
    assert seats() == []


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


def test_no_other_device_is_asked_when_the_one_that_has_the_call_fails_at_the_cancel(
    gate: Gate, runs: Any, seats: Any
) -> None:
    """As one that has died, of which the gateway learns later."""

    async def fails_then(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.cancelled.wait()
        await device.say(ask, "failed", code="runtime_crash", message="gone", retryable=True)

    gate.device("dev-1", fails_then)
    gate.device("dev-2")

    reply = gate.ask(body=ASK, meanwhile=gate.cancel)

    assert (reply.status, reply.json["code"]) == (409, "cancelled")
    assert [each["k"] for each in gate.devices["dev-2"].heard if each["k"] == "ask"] == []
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
