"""A connection to an MQTT broker over WebSocket, as AWS IoT takes it: made once, never mended.

The service and the runner each have this file, word for word, as they have `mqtt`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from evalyard_runner import mqtt

_OPEN_WITHIN_S: Final = 10.0
_CLOSE_WITHIN_S: Final = 1.0
_REFUSED: Final = 0x80
_PACKET_IDS: Final = 65_535
# A packet is a little larger than what it carries.
_MAX_PACKET_BYTES: Final = mqtt.MAX_PAYLOAD_BYTES + 4_096

OnMessage = Callable[[str, bytes], None]


@cache
def _websockets() -> Any:
    """The library, imported by the first connection: who makes none does not wait for it."""
    import websockets.asyncio.client
    import websockets.exceptions

    return websockets


class LinkLostError(OSError):
    """There is no connection, or none any more."""


class LinkRefusedError(LinkLostError):
    """The broker does not take this client: its address is too old, or its rights are too few."""


class Link:
    """One connection. `on_message` is given topic and payload of each message, in order."""

    def __init__(self, socket: Any, on_message: OnMessage, keep_alive_s: int) -> None:
        self._socket, self._on_message = socket, on_message
        self._packets = mqtt.Packets()
        self._last_id = 0
        self._alive = asyncio.Event()
        self._answered: asyncio.Future[mqtt.Packet] | None = None
        self._keep_alive_s = keep_alive_s
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @classmethod
    async def open(
        cls,
        url: str,
        client_id: str,
        filters: Sequence[str],
        on_message: OnMessage,
        *,
        keep_alive_s: int = 60,
    ) -> "Link":
        """Connected and subscribed. Raises LinkLostError, LinkRefusedError."""
        library = _websockets()
        try:
            async with asyncio.timeout(_OPEN_WITHIN_S):
                socket = await library.asyncio.client.connect(url, **_terms(url))
                link = cls(socket, on_message, keep_alive_s)
                await link._begin(client_id, filters)
                return link
        except library.exceptions.InvalidHandshake as exc:
            raise LinkRefusedError(f"{type(exc).__name__}: {exc}"[:200]) from exc
        except (OSError, TimeoutError, library.exceptions.WebSocketException) as exc:
            raise exc if isinstance(exc, LinkLostError) else _lost(exc) from exc

    @property
    def is_lost(self) -> bool:
        """Whether nothing will come any more."""
        return not self._tasks or self._tasks[0].done()

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at least once. Raises LinkLostError; ValueError for one too large."""
        self._last_id = self._last_id % _PACKET_IDS + 1
        await self._send(mqtt.publish(topic, payload, self._last_id))

    async def answers(self, within_s: float) -> bool:
        """Whether the broker is still there."""
        self._alive.clear()
        try:
            await self._send(mqtt.PING)
            async with asyncio.timeout(within_s):
                await self._alive.wait()
        except (LinkLostError, TimeoutError):
            return False
        return not self.is_lost

    async def until_lost(self) -> None:
        """Return when the connection is over."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Say goodbye, if that is possible."""
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._send(mqtt.DISCONNECT)
                await self._socket.close()
        except (LinkLostError, TimeoutError):
            self._socket.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, client_id: str, filters: Sequence[str]) -> None:
        self._tasks = (asyncio.create_task(self._read()),)
        connected = await self._asked(mqtt.connect(client_id, self._keep_alive_s))
        if not isinstance(connected, mqtt.Connack) or connected.code:
            await self.close()
            raise LinkRefusedError("the broker refused the client")
        granted = await self._asked(mqtt.subscribe(1, *filters))
        if not isinstance(granted, mqtt.Suback) or _REFUSED in granted.codes:
            await self.close()
            raise LinkRefusedError("the broker refused a subscription")
        self._tasks += (asyncio.create_task(self._keep_alive()),)

    async def _asked(self, packet: bytes) -> mqtt.Packet:
        """The broker's answer. Raises LinkRefusedError where it closes instead, as AWS IoT does."""
        answered: asyncio.Future[mqtt.Packet] = asyncio.get_running_loop().create_future()
        self._answered = answered
        await self._send(packet)
        either: set[asyncio.Future[Any]] = {answered, self._tasks[0]}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            raise LinkRefusedError("the broker closed the connection")
        return answered.result()

    async def _send(self, packet: bytes) -> None:
        try:
            await self._socket.send(packet)
        except (OSError, _websockets().exceptions.WebSocketException) as exc:
            raise _lost(exc) from exc

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                if isinstance(data, bytes):
                    for packet in self._packets.feed(data):
                        await self._hear(packet)
        except (OSError, _websockets().exceptions.WebSocketException, mqtt.BrokenPacketError):
            return
        finally:
            self._alive.set()

    async def _hear(self, packet: mqtt.Packet) -> None:
        self._alive.set()
        if isinstance(packet, mqtt.Published):
            if packet.packet_id is not None:
                await self._send(mqtt.puback(packet.packet_id))
            self._on_message(packet.topic, packet.payload)
        elif isinstance(packet, mqtt.Connack | mqtt.Suback):
            answered = self._answered
            if answered is not None and not answered.done():
                answered.set_result(packet)

    async def _keep_alive(self) -> None:
        """A broker that is silent for half as long again ends the connection; this waits less."""
        while await self.answers(self._keep_alive_s / 4):
            await asyncio.sleep(self._keep_alive_s / 2)
        self._socket.transport.abort()


def _lost(exc: BaseException) -> LinkLostError:
    return LinkLostError(f"{type(exc).__name__}: {exc}"[:200])


def _terms(url: str) -> dict[str, Any]:
    """How the WebSocket is opened. Not every resolver knows names below `localhost`, and no proxy
    of the environment reaches them.
    """
    terms: dict[str, Any] = {
        "subprotocols": ["mqtt"],
        "compression": None,
        "max_size": _MAX_PACKET_BYTES,
        "ping_interval": None,
        "open_timeout": None,
    }
    if (urlsplit(url).hostname or "").endswith(".localhost"):
        terms |= {"host": "127.0.0.1", "proxy": None}
    return terms
