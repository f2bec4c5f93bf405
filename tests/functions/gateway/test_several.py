"""`/ask_batch` and `/warmup`: several calls as one."""

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from functions.gateway import several
from functions.gateway.native import ask_of
from shared.aws import Table
from shared.gateway import Ask
from tests.functions.gateway.kit import ASK, FakeDevice, Gate, Reply, failing, three_words, waits
from tests.kit.loops import finish


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


def test_item_has_a_problem_of_its_own_when_it_fails_in_a_way_that_was_not_foreseen(
    gate: Gate, tables: dict[str, Table]
) -> None:
    """Here because the user's seats are not what a call makes of them."""
    gate.device()
    for number in range(8):
        tables["GatewayTable"].put({"pk": "USER#ada", "sk": f"SEAT#{number:02d}"})

    results = gate.ask("/ask_batch", {"items": [ASK, {"model": "tiny"}]}).json["results"]
    (warmed,) = gate.ask("/warmup", {"model": "tiny"}).json["devices"]

    assert [result["status"] for result in results] == [500, 422]
    assert results[0]["problem"]["code"] == "internal"
    assert (warmed["ready"], warmed["detail"]) == (False, results[0]["problem"]["detail"])


@pytest.mark.parametrize("items", [[], [ASK] * 65])
def test_batch_is_refused_when_it_has_no_items_or_too_many(gate: Gate, items: list[Any]) -> None:
    reply = gate.ask("/ask_batch", {"items": items})

    assert (reply.status, reply.json["code"]) == (422, "invalid_batch")


@pytest.mark.exhaustive
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


@pytest.mark.parametrize("max_wait_s", [{}, {"max_wait_s": 20}])
def test_item_waits_for_room_when_its_device_is_full(
    gate: Gate, runs: Any, max_wait_s: dict[str, int]
) -> None:
    """A device that takes two calls, one after the other; what it has refused it takes no more."""
    inside, refused = Counter[str](), set[str]()

    async def two_at_most(device: FakeDevice, ask: dict[str, Any]) -> None:
        if inside["calls"] == 2:
            refused.add(ask["id"])
            await device.say(ask, "refused", reason="full", ahead=1)
            return
        assert ask["id"] not in refused
        inside["calls"] += 1
        await asyncio.sleep(0.05)
        await three_words(device, ask)
        inside["calls"] -= 1

    gate.device(script=two_at_most)

    reply = gate.ask("/ask_batch", {"items": [{**ASK, **max_wait_s}] * 12, "parallel": 8})

    assert [result["status"] for result in reply.json["results"]] == [200] * 12
    assert len(refused) > 0
    assert len(runs()) == 12


@pytest.mark.parametrize(("said", "status"), [({}, 200), ({"max_wait_s": 0.2}, 429)])
def test_item_waits_longer_than_a_call_when_it_does_not_say_how_long(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, said: dict[str, float], status: int
) -> None:
    """A call waits for 0.4 s here, and the device begins with the second that comes."""
    heard = list[str]()

    async def at_the_second(device: FakeDevice, ask: dict[str, Any]) -> None:
        heard.append(ask["id"])
        await (waits if len(heard) == 1 else three_words)(device, ask)

    gate.device(script=at_the_second)
    monkeypatch.setattr(several, "ask_of", lambda *given: in_a_hurry(ask_of(*given)))

    reply = gate.ask("/ask_batch", {"items": [{**ASK, **said}]})

    assert [result["status"] for result in reply.json["results"]] == [status]
    assert (len(set(heard)) > 1) == (status == 200)


def in_a_hurry(ask: Ask) -> Ask:
    """It waits for less than half a second."""
    return msgspec.structs.replace(ask, max_wait_s=min(ask.max_wait_s, 0.4))


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
