"""The gateway and real runners, each a process, that are killed or frozen while they answer."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.gateway import callers, handler, wiring
from shared.config import read_settings
from shared.devices import device_hash, down_topic
from tests.functions.gateway.kit import STACK, Gate, Reply, three_words
from tests.kit.broker import ThreadedBroker
from tests.kit.loops import finish
from tests.runner.kit.api import FakeApi
from tests.runner.kit.model import FakeModel, Script, content
from tests.runner.kit.model import three_words as written
from tests.runner.kit.processes import start, wait_for
from tests.runner.kit.sqs import FakeSqs


@dataclass
class Phones:
    """Two runners that the broker reaches, with the model server of each."""

    broker: ThreadedBroker
    models: list[FakeModel] = field(default_factory=list)
    processes: list[Any] = field(default_factory=list)

    @property
    def asked(self) -> Any:
        """The process whose model works on a call; None while none does."""
        busy = [n for n, model in enumerate(self.models) if model.requests]
        return self.processes[busy[0]] if busy else None


@contextmanager
def phones(gate: Gate, script: Script) -> Iterator[Phones]:
    """Real runners in the place of the gate's own devices."""
    with ExitStack() as stack:
        found = Phones(stack.enter_context(ThreadedBroker()))
        sqs = stack.enter_context(FakeSqs())
        for serial in ("phone-1", "phone-2"):
            gate.device(serial, three_words)
            queues = [{"url": sqs.queue_url, "lane": "normal"}]
            api = stack.enter_context(FakeApi(queues, serial))
            api.session_endpoint = sqs.url
            topics = f"{STACK}/d/{device_hash(serial)}"
            api.channel = {
                "url": f"ws://{found.broker.broker.endpoint}/mqtt",
                "client_ids": [f"{serial}-a", f"{serial}-b"],
                "down": down_topic(STACK, serial),
                "up": f"{topics}/up/",
            }
            model = stack.enter_context(FakeModel(script))
            where = ("--api", api.url, "--serial", serial)
            process = start(*where, "--openai-url", model.url, "--model", "tiny")
            stack.callback(process.communicate)
            stack.callback(process.kill)
            found.models.append(model)
            found.processes.append(process)
        wait_for(lambda: len(found.broker.broker.connected) == 2, *found.processes)
        yield found


def ask(gate: Gate, path: str, there: Phones, ended_by: int) -> Reply:
    """A call, the device of which gets a signal once its model works on it, and has said a word if
    the script lets it.
    """

    async def carried_out() -> Reply:
        gate.monkeypatch.setenv("IOT_ENDPOINT", there.broker.broker.endpoint)
        for cached in (read_settings, wiring.calls):
            cached.cache_clear()
        callers._known.clear()
        await handler.prepare()
        call = asyncio.create_task(gate._call(path, {"model": "tiny", "prompt": "Count."}))
        while there.asked is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        there.asked.send_signal(ended_by)
        try:
            return await call
        finally:
            broker = wiring.calls()._broker
            assert broker is not None
            await broker.close()

    return finish(carried_out(), 90)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "ended_by", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.nightly)]
)
def test_another_phone_answers_unseen_when_one_dies_before_its_first_word(
    gate: Gate, runs: Any, seats: Any, ended_by: int
) -> None:
    begun = []

    def silent_once(body: dict[str, Any]) -> Iterator[Any]:
        if not begun:
            begun.append(body)
            while True:
                yield 0.05
                yield ": still thinking\n\n"
        yield from written(body)

    with phones(gate, silent_once) as there:
        reply = ask(gate, "/ask", there, ended_by)

    (run,) = runs()
    assert (reply.status, reply.json["output"]) == (200, "one two three")
    assert (run.ok, run.device, seats()) == (True, reply.json["device"], [])
    assert [len(model.requests) for model in there.models] == [1, 1]


@pytest.mark.nightly
def test_stream_ends_with_an_error_and_one_failed_run_when_a_phone_dies_after_its_first_word(
    gate: Gate, runs: Any, seats: Any
) -> None:
    def endless(_: dict[str, Any]) -> Iterator[Any]:
        while True:
            yield content("and ")
            yield 0.05

    with phones(gate, endless) as there:
        reply = ask(gate, "/ask_stream", there, signal.SIGKILL)

    (run,) = runs()
    kinds = [kind for kind, _ in reply.events]
    assert (kinds[-1], reply.events[-1][1]["code"]) == ("error", "device_error")
    assert "token" in kinds
    assert (run.ok, seats()) == (False, [])
    assert sum(len(model.requests) for model in there.models) == 1
