"""Keeps the device reachable for calls: one outbound connection to the broker, which pushes.

The server signs the address, so that no exact clock is needed here; credentials end, so before
that a second connection under another name takes the first one's place.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from evalyard_runner import log
from evalyard_runner.backoff import Backoff
from evalyard_runner.errors import ApiAwayError, ApiRefusedError, DeviceRefusedError
from evalyard_runner.mqtt_link import Link, LinkLostError
from evalyard_runner.presence import DeviceState
from evalyard_runner.session import SessionKeeper
from evalyard_runner.unexpected import place_of
from evalyard_runner.wire import CallChannel

# A signed address is for use at once.
_ADDRESS_FRESH_S: Final = 120.0
_RENEWED_EVERY_S: Final = 1_500.0
# A deployment that takes no calls may take some one day.
_LOOKS_AGAIN_S: Final = 600.0
_MOST_UNSENT: Final = 10_000


class Channel:
    """`hear` is given what comes. `send` may be called at any time and never blocks: what cannot
    be sent is lost, and the gateway asks for it again.
    """

    def __init__(
        self, queues: SessionKeeper, state: DeviceState, hear: Callable[[bytes], None]
    ) -> None:
        self._queues, self._state, self._hear = queues, state, hear
        self._unsent: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_MOST_UNSENT)
        self._link: Link | None = None
        self._turn = 0
        self._backoff = Backoff()

    def send(self, topic: str, payload: bytes) -> None:
        """Send a message soon, after those before it."""
        if not self._unsent.full():
            self._unsent.put_nowait((topic, payload))

    async def run(self) -> None:
        """Stay connected until cancelled. Raises DeviceRefusedError when the token dies."""
        sender = asyncio.create_task(self._send_all())
        try:
            while True:
                await self._connected_once()
        finally:
            sender.cancel()
            self._state.set_takes_calls(False)
            if self._link is not None:
                await self._link.close()

    async def _connected_once(self) -> None:
        """Connect, or take over from the connection that is there, and wait for its end."""
        try:
            session = await self._queues.opened_lately(_ADDRESS_FRESH_S)
            if session.channel is None:
                await asyncio.sleep(_LOOKS_AGAIN_S)
                return
            await self._connect(session.channel)
        except DeviceRefusedError:
            raise
        except (ApiAwayError, ApiRefusedError, LinkLostError) as exc:
            await self._pause(str(exc))
            return
        except Exception as exc:  # The last resort: jobs go on without calls.
            await self._pause(place_of(exc))
            return
        self._backoff.reset()
        await self._until_over()

    async def _pause(self, reason: str) -> None:
        self._state.set_takes_calls(self._link is not None and not self._link.is_lost)
        if self._backoff.failures == 0:
            log.trouble("broker_lost", reason=reason)
        await asyncio.sleep(self._backoff.next_delay())

    async def _connect(self, channel: CallChannel) -> None:
        name = channel.client_ids[self._turn % len(channel.client_ids)]
        self._turn += 1
        before, self._state.channel_up = self._link, channel.up
        self._link = await Link.open(
            channel.url, name, [channel.down], lambda _, payload: self._hear(payload)
        )
        self._state.set_takes_calls(True)
        log.progress("broker_connected")
        if before is not None:
            await before.close()

    async def _until_over(self) -> None:
        assert self._link is not None
        try:
            async with asyncio.timeout(_RENEWED_EVERY_S):
                await self._link.until_lost()
        except TimeoutError:
            return
        self._state.set_takes_calls(False)

    async def _send_all(self) -> None:
        while True:
            topic, payload = await self._unsent.get()
            try:
                if self._link is not None:
                    await self._link.publish(topic, payload)
            except LinkLostError:
                # The gateway asks for it again.
                continue
            except Exception as exc:  # The last resort: one message must not keep back the next.
                log.trouble("message_not_sent", reason=place_of(exc))
