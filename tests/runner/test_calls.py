"""Calls that reach a device through the broker, run on a model server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import pytest
from evalyard_runner.asks import Asks
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.channel import Channel
from evalyard_runner.errors import ApiAwayError
from evalyard_runner.gatekeeper import Gatekeeper
from evalyard_runner.gates import Limits
from evalyard_runner.presence import DeviceState
from evalyard_runner.sensors import Sensors
from evalyard_runner.turns import Turns
from evalyard_runner.wire import CallChannel, Session

from tests.kit.broker import LocalBroker
from tests.kit.loops import finish
from tests.runner.kit.model import FakeModel, content, endless, three_words, usage

ASK = {
    "v": 1,
    "k": "ask",
    "id": "ask_1",
    "try": 1,
    "reply": "gw",
    "user": "u",
    "kind": "chat",
    "model": "tiny",
    "body": {"messages": [{"role": "user", "content": "Count."}], "temperature": 0.5},
    "deadline_ms": 20_000,
    "flush_ms": 20,
}
DOWN, UP = "s/d/x/down", "s/d/x/up/"
SESSION = Session("r", None, "a", "b", None, 3600.0, (), 60, 10.0)


@dataclass
class FakeQueues:
    """Sessions that say where the broker is."""

    broker: LocalBroker
    opened: int = 0
    away: bool = False
    names: tuple[str, ...] = ("dev-a", "dev-b")

    async def opened_lately(self, within_s: float) -> Session:
        self.opened += 1
        if self.away:
            raise ApiAwayError("503")
        url = f"ws://{self.broker.endpoint}/mqtt"
        return replace(SESSION, channel=CallChannel(url, self.names, DOWN, UP))


@dataclass
class Yard:
    """A device on a broker; `say` is the gateway's voice."""

    broker: LocalBroker
    asks: Asks
    state: DeviceState
    queues: FakeQueues
    turns: Turns
    _seen: int = field(default=0)

    async def say(self, message: dict[str, Any]) -> None:
        await self.broker.publish(DOWN, json.dumps(message).encode())

    @property
    def frames(self) -> list[dict[str, Any]]:
        """What the device said to the gateway."""
        return [
            json.loads(payload) for topic, payload in self.broker.published if topic == UP + "gw"
        ]

    async def until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            await asyncio.sleep(0.005)

    async def ended(self, kind: str = "done") -> dict[str, Any]:
        """The device's last word about a call."""
        await self.until(lambda: any(frame["k"] == kind for frame in self.frames))
        return next(frame for frame in self.frames if frame["k"] == kind)


Test = Callable[[Yard], Awaitable[None]]


def run(
    model: FakeModel,
    test: Test,
    *,
    limits: Limits | None = None,
    parallel: int = 1,
    **sensed: Any,
) -> None:
    """A connected device, for the length of a test."""

    async def all_of_it() -> None:
        sensors = Sensors([lambda: sensed]) if sensed else Sensors([])
        async with LocalBroker() as broker:
            backend = OpenAiBackend(model.url, {"tiny": "tiny-upstream"})
            state = DeviceState(models=backend.models, sensors=sensors, ready=True)
            turns, queues = Turns(parallel), FakeQueues(broker)
            asks = Asks(backend, state, Gatekeeper(limits or Limits(), sensors), turns)
            channel = Channel(queues, state, asks.hear)  # type: ignore[arg-type]
            asks.send = channel.send
            running = asyncio.create_task(channel.run())
            yard = Yard(broker, asks, state, queues, turns)
            try:
                await yard.until(lambda: state.takes_calls)
                await test(yard)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await asks.finish(0.1)
                await backend.close()

    finish(all_of_it())


def texts(frames: list[dict[str, Any]]) -> str:
    pieces = (choice for frame in frames for _, choice in frame.get("c", ()))
    return "".join(piece["delta"].get("content") or "" for piece in pieces)


def test_answer_comes_piece_by_piece_when_a_call_is_asked(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)

        done = await yard.ended()

        kinds = [frame["k"] for frame in yard.frames]
        assert kinds[:2] == ["accepted", "started"]
        assert set(kinds[2:-1]) == {"chunks"}
        assert [frame["n"] for frame in yard.frames] == list(range(1, len(kinds) + 1))
        assert texts(yard.frames) == "one two three"
        assert done["metrics"]["completion_tokens"] == 3
        assert done["conditions"].items() >= {"backend": "openai", "battery_pct": 80.0}.items()
        assert "warm" not in done["conditions"]
        assert (done["finish_reason"], done["usage"]["prompt_tokens"]) == ("stop", 10)
        moments = [frame["t"] for frame in yard.frames]
        assert moments == sorted(moments)

    run(model, test, battery=80.0)

    (asked,) = model.requests
    assert (asked["model"], asked["stream"], asked["temperature"]) == ("tiny-upstream", True, 0.5)
    assert asked["stream_options"] == {"include_usage": True}
    assert asked["messages"] == ASK["body"]["messages"]  # type: ignore[index]


def test_text_goes_to_the_servers_own_call_when_it_is_no_chat(model: FakeModel) -> None:
    def script(_: dict[str, Any]) -> Iterator[Any]:
        yield {"choices": [{"index": 0, "text": "on and on", "finish_reason": None}]}
        yield {"choices": [{"index": 0, "text": "", "finish_reason": "length"}]}
        yield usage()
        yield "data: [DONE]\n\n"

    model.script = script

    async def test(yard: Yard) -> None:
        await yard.say({**ASK, "body": {"prompt": "Go"}})
        assert (await yard.ended())["finish_reason"] == "length"
        assert texts(yard.frames) == "on and on"

    run(model, test)

    (asked,) = model.requests
    assert (asked["prompt"], "messages" in asked) == ("Go", False)
    assert model.paths[-1] == "/v1/completions"


def test_call_runs_once_when_its_message_comes_twice(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.say(ASK)
        await yard.ended()
        await yard.say(ASK)
        await asyncio.sleep(0.1)

    run(model, test)

    assert len(model.requests) == 1


def test_frames_come_again_when_the_gateway_asks_for_them(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.ended()
        before = len(yard.frames)

        await yard.say({"k": "again", "id": "ask_1", "try": 1, "from": 2})
        await yard.until(lambda: len(yard.frames) == 2 * before - 1)

        assert [frame["n"] for frame in yard.frames[before:]] == list(range(2, before + 1))

    run(model, test)


def test_frames_are_forgotten_when_the_gateway_has_them_all(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.ended()
        before = len(yard.frames)

        await yard.say({"k": "end", "id": "ask_1", "try": 1})
        await yard.say({"k": "again", "id": "ask_1", "try": 1, "from": 1})
        await asyncio.sleep(0.1)

        assert len(yard.frames) == before

    run(model, test)


def test_model_stops_when_the_call_is_cancelled(model: FakeModel) -> None:
    model.script = endless

    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.until(lambda: texts(yard.frames))

        await yard.say({"k": "cancel", "id": "ask_1", "try": 1})
        last = await yard.ended("cancelled")

        assert last["metrics"]["completion_tokens"] > 0
        assert yard.turns.calls == 0

    run(model, test)

    assert model.hung_up.wait(5)


@pytest.mark.exhaustive
def test_model_stops_when_the_gateway_says_nothing_any_more(model: FakeModel) -> None:
    model.script = endless

    async def test(yard: Yard) -> None:
        now = [0.0]
        yard.asks.clock = lambda: now[0]
        await yard.say(ASK)
        await yard.until(lambda: texts(yard.frames))

        now[0] = 15.0
        await yard.ended("cancelled")

    run(model, test)


@pytest.fixture
def waiting(model: FakeModel) -> FakeModel:
    """A model that is busy for as long as a test lasts."""
    model.script = endless
    return model


def test_calls_wait_and_hear_how_many_are_before_them_when_one_runs(waiting: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        for number in range(6):
            await yard.say({**ASK, "id": f"ask_{number}"})
        await yard.until(lambda: any(frame["k"] == "refused" for frame in yard.frames))

        accepted = {f["id"]: f["ahead"] for f in yard.frames if f["k"] == "accepted"}
        (refused,) = (f for f in yard.frames if f["k"] == "refused")
        assert accepted == {f"ask_{number}": number for number in range(5)}
        assert (refused["id"], refused["reason"], refused["ahead"]) == ("ask_5", "full", 4)

    run(waiting, test)


def test_calls_run_at_the_same_time_when_the_device_may(waiting: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        for number in range(3):
            await yard.say({**ASK, "id": f"ask_{number}"})
        await yard.until(lambda: len([f for f in yard.frames if f["k"] == "accepted"]) == 3)
        await yard.until(lambda: len(waiting.requests) == 2)
        accepted = {f["id"]: f["ahead"] for f in yard.frames if f["k"] == "accepted"}
        assert accepted == {"ask_0": 0, "ask_1": 0, "ask_2": 2}

        await yard.say({"k": "cancel", "id": "ask_0", "try": 1})
        await yard.until(
            lambda: any(f["id"] == "ask_2" and f["k"] == "started" for f in yard.frames)
        )

    run(waiting, test, parallel=2)


def test_users_take_turns_and_a_job_goes_after_three_when_one_user_floods_a_device(
    model: FakeModel,
) -> None:
    order, released = [], Event()

    def noted(body: dict[str, Any]) -> Iterator[Any]:
        order.append(body["messages"][0]["content"])
        if order == ["first"]:
            released.wait(30)
        yield from three_words(body)

    model.script = noted

    async def test(yard: Yard) -> None:
        async def job() -> None:
            async with yard.turns.job():
                order.append("job")

        for number, user in enumerate(("first", "a", "a", "a", "b")):
            body = {"messages": [{"role": "user", "content": user}]}
            await yard.say({**ASK, "id": f"ask_{number}", "user": user, "body": body})
        await yard.until(lambda: len([f for f in yard.frames if f["k"] == "accepted"]) == 5)
        waits = asyncio.create_task(job())
        await asyncio.sleep(0)
        released.set()
        await waits
        await yard.until(lambda: len([f for f in yard.frames if f["k"] == "done"]) == 5)

    run(model, test)

    assert order == ["first", "a", "b", "a", "job", "a"]


def test_place_is_free_and_the_model_unasked_when_a_waiting_call_is_cancelled(
    model: FakeModel,
) -> None:
    async def test(yard: Yard) -> None:
        async with yard.turns.job():
            await yard.say(ASK)
            await yard.until(lambda: yard.frames)
            await yard.say({"k": "cancel", "id": "ask_1", "try": 1})

            last = await yard.ended("cancelled")

            assert (last.get("metrics"), yard.turns.ahead()) == (None, 1)

    run(model, test)

    assert model.requests == []


def test_device_says_that_a_call_is_cancelled_when_the_word_came_right_behind_it(
    model: FakeModel,
) -> None:
    async def test(yard: Yard) -> None:
        for message in (ASK, {"k": "cancel", "id": "ask_1", "try": 1}):
            yard.asks.hear(json.dumps(message).encode())

        last = await yard.ended("cancelled")

        assert (last["n"], yard.turns.calls) == (1, 0)
        assert not model.requests

    run(model, test)


def test_model_stops_when_a_call_is_cancelled_before_its_first_word(model: FakeModel) -> None:
    def thinking(_: dict[str, Any]) -> Iterator[Any]:
        yield {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
        while True:
            yield 0.02
            yield ": still thinking\n\n"

    model.script = thinking

    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.until(lambda: model.requests)
        await yard.say({"k": "cancel", "id": "ask_1", "try": 1})

        last = await yard.ended("cancelled")

        assert (last.get("metrics"), texts(yard.frames), yard.turns.calls) == (None, "", 0)

    run(model, test)

    assert model.hung_up.wait(5)


def test_call_waits_when_a_job_runs(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        async with yard.turns.job():
            await yard.say(ASK)
            await yard.until(lambda: yard.frames)
            await asyncio.sleep(0.1)
            assert (yard.frames[0]["waits_for"], model.requests) == ("job", [])

        await yard.ended()

    run(model, test)


def test_call_is_refused_when_the_model_is_not_served(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say({**ASK, "model": "huge"})

        assert (await yard.ended("refused"))["reason"] == "model_not_found"

    run(model, test)


def test_call_is_refused_when_the_device_is_too_hot(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)

        assert (await yard.ended("refused"))["reason"] == "hot"

    run(model, test, limits=Limits(max_temp_c=40.0), temperature_c=55.0)


def test_call_is_refused_when_the_device_takes_no_jobs_either(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        yard.state.set_not_ready("model_unreachable")
        await yard.say(ASK)

        assert (await yard.ended("refused"))["reason"] == "model_unreachable"

    run(model, test)


def test_failure_is_said_in_the_servers_words_when_it_refuses(model: FakeModel) -> None:
    model.refusal = (400, {"error": {"message": "no such grammar"}})

    async def test(yard: Yard) -> None:
        await yard.say(ASK)

        failed = await yard.ended("failed")

        assert (failed["code"], failed["retryable"]) == ("invalid_argument", False)
        assert "no such grammar" in failed["message"]

    run(model, test)


def test_call_fails_when_it_takes_longer_than_it_may(waiting: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say({**ASK, "deadline_ms": 200})

        assert (await yard.ended("failed"))["code"] == "timeout"

    run(waiting, test)


def test_tools_and_thoughts_pass_unchanged_when_the_model_uses_them(model: FakeModel) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    delta = {"reasoning_content": "hm", "tool_calls": [call]}

    def script(_: dict[str, Any]) -> Iterator[Any]:
        yield {"choices": [{"index": 0, "delta": delta}]}
        yield content("", finish_reason="tool_calls")
        yield usage()
        yield "data: [DONE]\n\n"

    model.script = script

    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.ended()

        pieces = [choice["delta"] for frame in yard.frames for _, choice in frame.get("c", ())]
        assert pieces[0] == delta

    run(model, test)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{",
        b'{"k":"ask"}',
        json.dumps({**ASK, "reply": "../other"}).encode(),
        json.dumps({**ASK, "body": None}).encode(),
        json.dumps({**ASK, "deadline_ms": 0}).encode(),
        json.dumps({**ASK, "try": "x"}).encode(),
    ],
)
def test_nothing_is_run_when_a_message_is_none(model: FakeModel, payload: bytes) -> None:
    async def test(yard: Yard) -> None:
        await yard.broker.publish(DOWN, payload)
        await yard.say({**ASK, "id": "ask_2"})
        await yard.ended()

        assert {frame["id"] for frame in yard.frames} == {"ask_2"}

    run(model, test)


def test_other_calls_are_answered_when_the_broker_takes_no_message_of_one(model: FakeModel) -> None:
    """Nothing that is said of a call is larger than it may be; this is about all that is not
    foreseen.
    """

    async def test(yard: Yard) -> None:
        yard.asks.send(f"{UP}gw", b"x" * 200_000)
        await yard.say(ASK)

        assert (await yard.ended())["k"] == "done"

    run(model, test)


def test_device_connects_again_when_the_broker_is_started_again(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.broker.drop_all()
        await yard.until(lambda: len(yard.broker.connected) == 2)
        await yard.until(lambda: yard.state.takes_calls)

        await yard.say(ASK)
        await yard.ended()

        assert yard.broker.connected == ["dev-a", "dev-b"]

    run(model, test)


@pytest.mark.exhaustive
def test_answer_comes_whole_when_the_connection_breaks_in_its_middle(model: FakeModel) -> None:
    def slow(body: dict[str, Any]) -> Iterator[Any]:
        for step in three_words(body):
            yield 0.1
            yield step

    model.script = slow

    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.until(lambda: texts(yard.frames))
        await yard.broker.drop_all()
        await yard.until(lambda: len(yard.broker.connected) == 2 and yard.state.takes_calls)
        await asyncio.sleep(1.0)

        await yard.say({"k": "again", "id": "ask_1", "try": 1, "from": 1})
        await yard.ended()

        whole = {frame["n"]: frame for frame in yard.frames}
        assert texts([whole[n] for n in sorted(whole)]) == "one two three"

    run(model, test)


def test_device_goes_on_when_the_service_says_what_nothing_foresaw(model: FakeModel) -> None:
    """Here no name to connect by; jobs must go on all the while."""

    async def test(yard: Yard) -> None:
        yard.queues.names = ()
        await yard.broker.drop_all()
        await yard.until(lambda: yard.queues.opened == 2)
        yard.queues.names = ("dev-a",)

        await yard.until(lambda: yard.state.takes_calls)

    run(model, test)


def test_device_says_that_it_takes_no_calls_when_the_broker_is_gone(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        yard.queues.away = True
        await yard.broker.drop_all()

        await yard.until(lambda: not yard.state.takes_calls)

        assert yard.state.report()["calls"] is False

    run(model, test)


def test_device_says_how_many_calls_it_answers(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        yard.state.set_calls_running(2)

        report = yard.state.report()

        assert (report["calls_running"], report["using"]) == (2, True)

    run(model, test)


def test_runner_that_stops_takes_no_call_and_ends_the_one_that_runs(model: FakeModel) -> None:
    async def test(yard: Yard) -> None:
        await yard.say(ASK)
        await yard.until(lambda: texts(yard.frames))
        finishing = asyncio.create_task(yard.asks.finish(10))
        await asyncio.sleep(0)
        await yard.say({**ASK, "id": "ask_2"})

        refused = await yard.ended("refused")
        await finishing

        assert (refused["id"], refused["reason"]) == ("ask_2", "stopping")
        assert texts([f for f in yard.frames if f["id"] == "ask_1"]) == "one two three"

    run(model, test)
