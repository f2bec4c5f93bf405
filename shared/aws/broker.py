"""AWS IoT Core as a broker of messages: one connection, which is made again when it broke."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from shared.aws.broker_address import broker_address
from shared.aws.mqtt_link import Link, LinkLostError, LinkRefusedError, OnMessage
from shared.aws.roles import own_credentials
from shared.errors import Unavailable
from shared.observability import logger

# The most that AWS IoT allows: between two calls a function is frozen and cannot say anything.
_KEEP_ALIVE_S: Final = 1_200
# A connection that was used a moment ago needs no question whether it is there.
_FRESH_S: Final = 5.0
_ANSWERS_WITHIN_S: Final = 0.5


class Broker:
    """One connection of this process, under a client id of its own.

    `topics` are what it hears on, given the client's own id; what comes is given to `on_message`.
    Without the first it cannot be; the others it does without where its role may not hear on them,
    as one whose rights were just extended may not yet.
    """

    def __init__(
        self,
        endpoint: str,
        region: str,
        client_prefix: str,
        topics: Callable[[str], list[str]],
        on_message: OnMessage,
    ) -> None:
        self.client_id = f"{client_prefix}{secrets.token_hex(8)}"
        self._endpoint, self._region = endpoint, region
        self._topics, self._on_message = topics, on_message
        self._link: Link | None = None
        self._used_at = 0.0
        self._turn = asyncio.Lock()

    async def ready(self) -> None:
        """Have a connection that works, a new one if need be. Raises Unavailable."""
        async with self._turn:
            if self._link is not None and await self._works(self._link):
                return
            await self._connect()

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at least once. Raises Unavailable; ValueError for one too large."""
        await self.ready()
        assert self._link is not None
        try:
            await self._link.publish(topic, payload)
        except LinkLostError as exc:
            raise _away() from exc
        self._used_at = asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Leave."""
        if self._link is not None:
            await self._link.close()

    async def _works(self, link: Link) -> bool:
        now = asyncio.get_running_loop().time()
        if link.is_lost:
            return False
        if now - self._used_at < _FRESH_S:
            return True
        return await link.answers(_ANSWERS_WITHIN_S)

    async def _connect(self) -> None:
        if not self._endpoint:
            raise Unavailable("this deployment has no message broker")
        topics = self._topics(self.client_id)
        try:
            self._link = await self._opened(topics)
        except LinkLostError as exc:
            raise _away() from exc
        self._used_at = asyncio.get_running_loop().time()

    async def _opened(self, topics: list[str]) -> Link:
        """A connection that hears on all of the topics, or on the first. Raises LinkLostError."""
        try:
            return await self._open(topics)
        except LinkRefusedError:
            if len(topics) == 1:
                raise
        logger().warning("broker_refused_topics")
        return await self._open(topics[:1])

    async def _open(self, topics: list[str]) -> Link:
        address = broker_address(self._endpoint, self._region, own_credentials())
        return await Link.open(
            address, self.client_id, topics, self._on_message, keep_alive_s=_KEEP_ALIVE_S
        )


def _away() -> Unavailable:
    return Unavailable("the message broker does not answer", retry_after_s=2)
