"""The gateway's function as Lambda runs it, devices behind a broker, all in one event loop."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from functions.gateway import callers, handler, wiring
from shared import clock
from shared.aws import Table
from shared.aws.mqtt_link import Link
from shared.config import read_settings
from shared.devices import device_hash, down_topic
from shared.lambda_stream.runtime_api import RuntimeApi
from shared.lambda_stream.serving import serve_one
from tests.kit.broker import LocalBroker
from tests.kit.described import check_described
from tests.kit.loops import finish
from tests.kit.runtime_api import LocalRuntimeApi
from tests.kit.streaming import SEPARATOR

STACK = "evalyard"
KEY = "eyk_test"
ASK = {"model": "tiny", "prompt": "Count."}
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "Count."}]}
METRICS = {
    "prompt_tokens": 5,
    "completion_tokens": 3,
    "latency_ms": 90.0,
    "ttft_ms": 30.0,
    "tok_s": 33.3,
    "tpot_ms": 30.0,
    "prefill_tps": 100.0,
    "load_ms": None,
}


@dataclass
class Reply:
    """An answer as the client gets it."""

    status: int
    headers: dict[str, str]
    body: bytes
    errors: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Of a stream of `/ask_stream`."""
        found = []
        for block in self.body.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in lines and "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
        return found

    @property
    def data(self) -> list[str]:
        """The `data:` lines of a stream of `/v1`."""
        lines = self.body.decode().split("\n")
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


Script = Callable[["FakeDevice", dict[str, Any]], Awaitable[None]]


@dataclass
class FakeDevice:
    """A device on the broker, whose script answers an ask."""

    serial: str
    script: Script
    heard: list[dict[str, Any]] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    _link: Link | None = None
    # How many frames were said of each ask.
    _said: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def connect(self, broker: LocalBroker) -> None:
        """Hear on the device's own topic."""
        from shared.aws.broker_address import broker_address
        from shared.aws.roles import Credentials

        url = broker_address(broker.endpoint, "us-east-1", Credentials("a", "b", "", 0))
        topic = down_topic(STACK, self.serial)
        self._link = await Link.open(url, f"d-{self.serial}", [topic], self._hear)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        assert self._link is not None
        await self._link.close()

    async def say(self, ask: dict[str, Any], kind: str, **fields: Any) -> None:
        """The next frame about an ask; as time passes ten milliseconds a frame."""
        self._said[ask["id"]] += 1
        number = self._said[ask["id"]]
        head = {"v": 1, "id": ask["id"], "try": ask["try"], "n": number, "k": kind}
        frame = {**head, "t": number * 10.0, **fields}
        await self.say_bytes(ask, json.dumps(frame).encode())

    async def say_bytes(self, ask: dict[str, Any], payload: bytes) -> None:
        """Whatever it is, where frames about an ask are expected."""
        topic = f"{STACK}/d/{device_hash(self.serial)}/up/{ask['reply']}"
        assert self._link is not None
        await self._link.publish(topic, payload)

    async def piece(self, ask: dict[str, Any], text: str = "", **choice: Any) -> None:
        """A frame with one piece of an answer."""
        whole = {"index": 0, "delta": {"content": text} if text else {}, **choice}
        await self.say(ask, "chunks", c=[[(self._said[ask["id"]] + 1) * 10.0, whole]])

    async def is_said_to_have_left(self) -> None:
        """What the broker says when a connection breaks."""
        client = f"{STACK}-d-{device_hash(self.serial)}-a"
        assert self._link is not None
        await self._link.publish(
            f"$aws/events/presence/disconnected/{client}",
            json.dumps({"clientId": client, "disconnectReason": "CONNECTION_LOST"}).encode(),
        )

    def _hear(self, _: str, payload: bytes) -> None:
        message = json.loads(payload)
        self.heard.append(message)
        if message["k"] == "ask":
            del self._said[message["id"]]
            task = asyncio.create_task(self.script(self, message))  # type: ignore[arg-type]
            self._tasks.add(task)
        elif message["k"] == "cancel":
            self.cancelled.set()


async def three_words(device: FakeDevice, ask: dict[str, Any]) -> None:
    """A normal answer."""
    await device.say(ask, "accepted", ahead=0)
    await device.say(ask, "started")
    for word in ("one ", "two ", "three"):
        await device.piece(ask, word)
    await device.piece(ask, finish_reason="stop")
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    await device.say(ask, "done", finish_reason="stop", usage=usage, metrics=METRICS)


def refusing(reason: str, **fields: Any) -> Script:
    """A device that takes no call."""

    async def script(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "refused", reason=reason, **fields)

    return script


def failing(code: str, message: str, *, words: int = 0, retryable: bool = False) -> Script:
    """A device that begins and fails."""

    async def script(device: FakeDevice, ask: dict[str, Any]) -> None:
        await device.say(ask, "accepted", ahead=0)
        await device.say(ask, "started")
        for _ in range(words):
            await device.piece(ask, "word ")
        await device.say(ask, "failed", code=code, message=message, retryable=retryable)

    return script


async def endless(device: FakeDevice, ask: dict[str, Any]) -> None:
    """A model that stops only when it is told to."""
    await device.say(ask, "accepted", ahead=0)
    await device.say(ask, "started")
    while not device.cancelled.is_set():
        await device.piece(ask, "and ")
        await asyncio.sleep(0.02)
    delivered = {"completion_tokens": 2}
    await device.say(ask, "cancelled", finish_reason="cancelled", metrics=delivered)


async def waits(device: FakeDevice, ask: dict[str, Any]) -> None:
    """A device on which the call waits until it is cancelled."""
    await device.say(ask, "accepted", ahead=2)
    await device.cancelled.wait()
    await device.say(ask, "cancelled", finish_reason="cancelled")


@dataclass
class Gate:
    """The gateway with its devices: `ask` calls it, and gives what the client got."""

    tables: dict[str, Table]
    monkeypatch: Any
    scripts: dict[str, Script] = field(default_factory=dict)
    devices: dict[str, FakeDevice] = field(default_factory=dict)
    # How many calls are over.
    ended: int = 0
    # Where the answer of the last call arrives, piece by piece.
    runtime: LocalRuntimeApi | None = None

    def device(self, serial: str = "dev-1", script: Script = three_words, **said: Any) -> None:
        """A device that is there and serves `tiny`."""
        self.scripts[serial] = script
        known = {"serial": serial, "registered_models": ["tiny"], "queue_urls": {}}
        owner = {"owner": said.pop("owner")} if "owner" in said else {}
        table = self.tables["DevicesTable"]
        table.put({"pk": "FLEET", "sk": f"DEVICE#{serial}", **known, **owner})
        presence = {"reported_ready": True, "reported_calls": True, "last_seen_us": clock.now_us()}
        table.put({"pk": f"DEVICE#{serial}", "sk": "PRESENCE", **presence, **said})

    def ask(
        self, path: str = "/ask", body: Any = None, method: str = "POST", **options: Any
    ) -> Reply:
        """One call, with the devices connected."""
        (reply,) = self.asks((path, body), method=method, **options)
        return reply

    def asks(self, *calls: tuple[str, Any], **options: Any) -> list[Reply]:
        """Some calls at once."""
        return finish(self._asks(list(calls), **options), 60)

    async def _asks(self, calls: list[tuple[str, Any]], **options: Any) -> list[Reply]:
        async with LocalBroker() as broker:
            self.monkeypatch.setenv("IOT_ENDPOINT", broker.endpoint)
            for cached in (read_settings, wiring.calls):
                cached.cache_clear()
            callers._known.clear()
            self.devices = {name: FakeDevice(name, each) for name, each in self.scripts.items()}
            for device in self.devices.values():
                await device.connect(broker)
            try:
                await handler.prepare()
                return list(await asyncio.gather(*(self._call(*call, **options) for call in calls)))
            finally:
                for device in self.devices.values():
                    await device.close()
                broker_of_calls = wiring.calls()._broker
                if broker_of_calls is not None:
                    await broker_of_calls.close()

    async def _asked(self) -> str:
        """The id of a call, once a device has been asked."""
        while not (heard := [each for device in self.devices.values() for each in device.heard]):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        return str(heard[0]["id"])

    async def cancel(self, ask_id: str, **headers: str) -> Reply:
        """Cancel a call while it is under way."""
        return await self._call(f"/ask/{ask_id}/cancel", {}, headers=headers)

    async def _call(
        self,
        path: str,
        body: Any,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        stops_reading: int | None = None,
        leaves: bool = False,
        meanwhile: Callable[[str], Awaitable[Any]] | None = None,
    ) -> Reply:
        content = body if isinstance(body, str) else json.dumps(body)
        said = {"X-Api-Key": KEY, "Content-Type": "application/json", **(headers or {})}
        path, _, query = path.partition("?")
        event = {"httpMethod": method, "path": path, "headers": said, "body": content}
        event["queryStringParameters"] = dict(parse_qsl(query, keep_blank_values=True)) or None
        runtime = LocalRuntimeApi(json.dumps(event).encode(), stops_reading)
        self.runtime = runtime
        async with runtime:
            api = RuntimeApi(runtime.address)
            call = asyncio.create_task(serve_one(api, handler.lambda_handler, await api.next()))
            if leaves or meanwhile:
                ask_id = await self._asked()
                if leaves:
                    runtime.left.set()
                if meanwhile:
                    await meanwhile(ask_id)
            await call
            self.ended += 1
            if leaves:
                return Reply(0, {}, runtime.body)
        if runtime.errors:
            return Reply(500, {}, b"", runtime.errors)
        prelude, _, answer = runtime.body.partition(SEPARATOR)
        said = json.loads(prelude)
        reply = Reply(said["statusCode"], said["headers"], answer)
        # What a browser asks before it calls is no operation of the API.
        if stops_reading is None and method != "OPTIONS":
            kind = reply.headers["Content-Type"]
            check_described(method, path, reply.status, kind, reply.body)
        return reply
