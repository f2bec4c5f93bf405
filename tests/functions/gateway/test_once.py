"""`Idempotency-Key` of `/ask`: twice, at once, late, with another body, after a failure."""

from typing import Any

import pytest

from shared.aws import Table
from tests.conftest import HeldClock
from tests.functions.gateway.conftest import credential
from tests.functions.gateway.kit import ASK, FakeDevice, Gate, Reply, endless, failing, three_words

HEADERS = {"Idempotency-Key": "k-1"}


def ask(gate: Gate, body: Any = ASK, path: str = "/ask", **headers: str) -> Reply:
    return gate.ask(path, body, headers={**HEADERS, **headers})


def test_first_answer_is_replayed_when_a_call_is_repeated(gate: Gate, runs: Any) -> None:
    gate.device()

    first, again = ask(gate), ask(gate)

    assert (first.status, again.status) == (200, 200)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers == {**first.headers, "Idempotent-Replayed": "true"}
    assert again.body == first.body
    (run,) = runs()
    assert run.run_id == first.json["run_id"]


def test_answer_is_replayed_whole_when_no_item_of_the_table_can_hold_it(gate: Gate) -> None:
    async def writes_much(device: FakeDevice, said: dict[str, Any]) -> None:
        await device.say(said, "started")
        for _ in range(6):
            await device.piece(said, "x" * 80_000)
        await device.say(said, "done", finish_reason="stop")

    gate.device(script=writes_much)

    first, again = ask(gate), ask(gate)

    assert len(first.json["output"]) == 480_000
    assert again.body == first.body


def test_one_of_two_is_carried_out_when_they_come_at_once(gate: Gate, runs: Any) -> None:
    gate.device()

    replies = gate.asks(("/ask", ASK), ("/ask", ASK), headers=HEADERS)

    codes = sorted((reply.status, reply.json.get("code", "")) for reply in replies)
    assert codes == [(200, ""), (409, "idempotency_in_flight")]
    assert len(runs()) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({**ASK, "prompt": "Other."}, {}),
        (ASK, {"X-Evalyard-Tag": "night"}),
        (ASK, {"X-Evalyard-Device": "dev-1"}),
    ],
)
def test_422_when_the_key_is_used_with_another_request(
    gate: Gate, runs: Any, body: Any, headers: dict[str, str]
) -> None:
    gate.device()
    ask(gate)

    reply = ask(gate, body, **headers)

    assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")
    assert len(runs()) == 1


def test_call_is_carried_out_again_when_its_day_is_over(
    gate: Gate, runs: Any, held_clock: HeldClock
) -> None:
    gate.device()
    first = ask(gate)
    held_clock.advance(86_400)
    gate.device()

    again = ask(gate)

    assert again.json["run_id"] != first.json["run_id"]
    assert len(runs()) == 2


def test_calls_are_apart_when_users_differ(gate: Gate, tables: dict[str, Table]) -> None:
    tables["AccountsTable"].put(credential("eyk_bob", "api_key", "bob"))
    gate.device()
    ask(gate)

    assert "Idempotent-Replayed" not in ask(gate, **{"X-Api-Key": "eyk_bob"}).headers


def test_call_is_carried_out_again_when_the_device_failed(gate: Gate, runs: Any) -> None:
    gate.device(script=failing("internal", "broken"))
    failed = ask(gate)
    gate.device(script=three_words)

    again = ask(gate)

    assert (failed.status, again.status) == (502, 200)
    assert sorted(run.ok for run in runs()) == [False, True]


def test_refusal_is_replayed_when_the_models_server_refused(gate: Gate, runs: Any) -> None:
    gate.device(script=failing("invalid_argument", "no such option"))
    first = ask(gate)
    gate.device(script=three_words)

    again = ask(gate)

    assert (first.status, again.status) == (422, 422)
    assert again.json == first.json
    assert len(runs()) == 1


def test_call_is_carried_out_again_when_its_client_left(gate: Gate, runs: Any) -> None:
    gate.device(script=endless)
    gate.ask(body=ASK, headers=HEADERS, leaves=True)
    gate.device(script=three_words)

    again = ask(gate)

    assert (again.status, "Idempotent-Replayed" in again.headers) == (200, False)
    assert len(runs()) == 2


def test_key_is_locked_for_as_long_as_the_call_may_take_when_its_function_died(
    gate: Gate, tables: dict[str, Table], held_clock: HeldClock
) -> None:
    gate.device()
    body = {**ASK, "max_wait_s": 20, "timeout_s": 100}
    ask(gate, body)
    table = tables["IdempotencyTable"]
    record = table.get("CALL#ada#POST /ask#k-1", "CALL")
    assert record is not None
    # As a function leaves it that dies in the middle.
    table.put({**record, "state": "begun", "lock_until_s": record["started_us"] // 10**6 + 180})
    held_clock.advance(179)
    gate.device()

    busy = ask(gate, body)
    held_clock.advance(2)
    gate.device()
    again = ask(gate, body)

    assert (busy.status, busy.json["code"]) == (409, "idempotency_in_flight")
    assert again.status == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_422_when_the_key_is_none(gate: Gate, key: str) -> None:
    gate.device()

    reply = gate.ask(body=ASK, headers={"Idempotency-Key": key})

    assert (reply.status, reply.json["code"]) == (422, "invalid_idempotency_key")


def test_key_has_no_effect_when_the_call_is_another(gate: Gate, runs: Any) -> None:
    gate.device()

    traced = [ask(gate, path="/ask_trace") for _ in range(2)]

    assert [reply.status for reply in traced] == [200, 200]
    assert len(runs()) == 2
