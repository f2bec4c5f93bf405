"""A message broker in this process: as much of MQTT 3.1.1 as gateway and devices use."""

import asyncio
import json
import re
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

from shared.aws import mqtt


@dataclass
class LocalBroker:
    """`endpoint` is what the product is given. `refuses`: names that may not connect; `forbidden`:
    how filters begin on which no one may hear, which costs who asks the connection.
    """

    endpoint: str = ""
    refuses: set[str] = field(default_factory=set)
    forbidden: str | None = None
    connected: list[str] = field(default_factory=list)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    _heard: dict[ServerConnection, list[re.Pattern[str]]] = field(default_factory=dict)
    _server: Server | None = None

    async def __aenter__(self) -> "LocalBroker":
        self._server = await serve(self._talk, "127.0.0.1", 0, subprotocols=["mqtt"])  # type: ignore[list-item]
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.endpoint = f"data.iot.us-east-1.localhost:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def drop_all(self) -> None:
        """Break every connection, as a broker that is started again does."""
        for connection in list(self._heard):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def _talk(self, connection: ServerConnection) -> None:
        try:
            async for data in connection:
                assert isinstance(data, bytes)
                if not await self._answer(connection, data):
                    return
        finally:
            self._heard.pop(connection, None)

    async def _answer(self, connection: ServerConnection, packet: bytes) -> bool:
        """Each packet is a WebSocket message of its own here."""
        kind = packet[0] >> 4
        if kind == 1:
            name = packet[packet.rindex(b"\x00") + 2 :].decode()
            if name in self.refuses:
                return False
            self.connected.append(name)
            await connection.send(b"\x20\x02\x00\x00")
        elif kind == 8:
            wanted = list(_filters(packet[4:]))
            if self.forbidden and any(each.startswith(self.forbidden) for each in wanted):
                return False
            self._heard[connection] = [_pattern(each) for each in wanted]
            codes = b"\x00" * len(self._heard[connection])
            await connection.send(bytes([0x90, 2 + len(codes)]) + packet[2:4] + codes)
        elif kind == 12:
            await connection.send(b"\xd0\x00")
        elif kind == 3:
            (message,) = mqtt.Packets().feed(packet)
            assert isinstance(message, mqtt.Published)
            await connection.send(mqtt.puback(message.packet_id or 0))
            await self.publish(message.topic, message.payload)
        return kind != 14

    async def publish(self, topic: str, payload: bytes) -> None:
        """To all that hear on the topic."""
        self.published.append((topic, payload))
        for connection, patterns in list(self._heard.items()):
            if any(pattern.fullmatch(topic) for pattern in patterns):
                await connection.send(mqtt.publish(topic, payload))


class ThreadedBroker:
    """A broker for what runs in other threads or processes. Use as a context manager."""

    def __init__(self) -> None:
        self.broker = LocalBroker()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)

    def __enter__(self) -> "ThreadedBroker":
        self._thread.start()
        self._carry_out(self.broker.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._carry_out(self.broker.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def say(self, topic: str, **message: Any) -> None:
        """Publish a message."""
        self._carry_out(self.broker.publish(topic, json.dumps(message).encode()))

    def drop_all(self) -> None:
        """Break every connection."""
        self._carry_out(self.broker.drop_all())

    def _carry_out(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


def _filters(wanted: bytes) -> Iterator[str]:
    """The filters of a SUBSCRIBE, each behind its length and before its QoS."""
    while wanted:
        end = 2 + int.from_bytes(wanted[:2])
        yield wanted[2:end].decode()
        wanted = wanted[end + 1 :]


def _pattern(topic_filter: str) -> re.Pattern[str]:
    return re.compile(re.escape(topic_filter).replace(r"\+", "[^/]+"))
