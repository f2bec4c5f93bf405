"""When an idle runner looks into its queues: at the broker's word that a job is there, and every
20 s, should such a word get lost.

Without a connection nothing says that a job came: then each round of the loop looks.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

EVERY_S: Final = 20.0
# SQS delays no message for longer.
_LATEST_S: Final = 900.0


@dataclass(frozen=True)
class Look:
    """A look that is due: at the queue of a lane, or `thorough`, waiting at one of the queues,
    because a short look may miss what is there.
    """

    lane: str | None = None
    thorough: bool = False


@dataclass
class Looks:
    """What asked for a look, and when the last one found nothing."""

    clock: Callable[[], float] = monotonic
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _lane: str | None = None
    _empty_at: float | None = None
    _connection: int | None = None

    def ask(self, lane: str, after_s: float = 0.0) -> None:
        """A message is in the queue of a lane, or will be there after so many seconds."""
        if after_s > 0:
            loop = asyncio.get_running_loop()
            loop.call_later(min(after_s, _LATEST_S), self.ask, lane)
            return
        self._lane = lane
        self._asked.set()

    def next(self, connection: int | None) -> Look | None:
        """The look of this round, if one is due: it is while there is no connection, and when there
        is another one, as words may have been lost before. What is asked for from now on is for
        another look.
        """
        if connection is None or connection != self._connection:
            self._connection, self._empty_at = connection, None
        empty_at = self._empty_at
        rests = empty_at is not None and self.clock() - empty_at < EVERY_S
        if rests and not self._asked.is_set():
            return None
        look = Look(self._lane, thorough=connection is None or empty_at is not None)
        self._lane = self._empty_at = None
        self._asked.clear()
        return look

    def found_nothing(self) -> None:
        """Until something asks for it, or time has passed, no look is due."""
        self._empty_at = self.clock()

    async def pause(self, seconds: float) -> None:
        """Wait for so long, or until a look is asked for."""
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return
