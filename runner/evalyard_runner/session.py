"""Keeps an SQS client whose credentials are valid, fetching a new session before they expire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from evalyard_runner.api import DeviceApi
from evalyard_runner.errors import CredentialsStaleError, QueuesAwayError
from evalyard_runner.reachability import Reachability
from evalyard_runner.sqs import Received, Sqs
from evalyard_runner.wire import Session

_RENEW_BEFORE_S: Final = 300.0
# Should a length make no sense, SQS says when the credentials are over.
_SHORTEST_S: Final = 60.0


class SessionKeeper:
    """The device's queues, whatever session they are reached with at the moment.

    A job may outlive several sessions: receipts stay valid, credentials do not.
    """

    def __init__(
        self,
        api: DeviceApi,
        *,
        connect: Callable[[Session], Sqs] = Sqs,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._api, self._connect, self._clock = api, connect, clock
        self._current: tuple[Session, Sqs] | None = None
        self._renew_at = self._opened_at = clock()
        self._lock = asyncio.Lock()
        self._is_ours = asyncio.Event()
        self._reachability = Reachability()

    async def session(self) -> Session:
        """The session to work with now. Raises what opening one raises."""
        return (await self._fresh())[0]

    def forget(self) -> None:
        """Open another session before anything else."""
        self._current = None
        self._is_ours.clear()

    async def opened_lately(self, within_s: float) -> Session:
        """A session that was opened so many seconds ago at most; a new one if need be. The first
        is left to others: until there was one, it is not known that the device is this process's.
        """
        await self._is_ours.wait()
        if self._clock() - self._opened_at > within_s:
            self._current = None
        return await self.session()

    async def receive(self, queue_url: str, wait_s: int) -> Received | None:
        async with self._client() as sqs:
            return await sqs.receive(queue_url, wait_s)

    async def extend(self, message: Received) -> None:
        async with self._client() as sqs:
            await sqs.extend(message)

    async def give_back(self, message: Received, after_s: int = 0) -> None:
        async with self._client() as sqs:
            await sqs.give_back(message, after_s)

    async def delete(self, message: Received) -> None:
        async with self._client() as sqs:
            await sqs.delete(message)

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Sqs]:
        """A client, forgotten when SQS refuses its credentials, so that the next call opens a new
        session.
        """
        _, sqs = await self._fresh()
        try:
            yield sqs
        except QueuesAwayError as exc:
            self._reachability.lost("queues", exc)
            if isinstance(exc, CredentialsStaleError):
                self._current = None
            raise
        self._reachability.found("queues")

    async def _fresh(self) -> tuple[Session, Sqs]:
        async with self._lock:
            if self._current is None or self._clock() >= self._renew_at:
                session = await self._api.open_session()
                self._opened_at = self._clock()
                self._renew_at = self._clock() + renewal_after_s(session.lasts_s)
                self._current = (session, await asyncio.to_thread(self._connect, session))
                self._is_ours.set()
            return self._current


def renewal_after_s(lasts_s: float) -> float:
    """Five minutes before the end, or half-way when the session is shorter than ten; never at
    once, so that a clock that is wrong does not fetch one session after the other.
    """
    return max(lasts_s / 2, lasts_s - _RENEW_BEFORE_S, _SHORTEST_S)
