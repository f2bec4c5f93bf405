"""The request to stop: asked once, the running job may finish; asked twice, it is handed back."""

import asyncio
import signal
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """Set by SIGTERM, SIGINT and SIGHUP; everything that waits, waits on this too."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def ask(self) -> None:
        if self.asked.is_set():
            self.hurried.set()
        self.asked.set()

    def listen(self) -> None:
        """React to SIGTERM, SIGINT and the end of the terminal; must be called inside the running
        event loop.
        """
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.ask)
        # Not where `nohup` has it ignored.
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            loop.add_signal_handler(signal.SIGHUP, self.ask)

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the request to stop."""
        await _wait_at_most(self.asked, seconds)

    async def unless_asked(self, work: Awaitable[T]) -> T | None:
        """What the work returns or raises; None, and the work ended, when asked to stop first."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.create_task(self.asked.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait({working, stopping})

    async def grace_over(self, seconds: float) -> None:
        """Return when a running job must be given up: `seconds` after the first request, or at the
        second.
        """
        await self.asked.wait()
        await _wait_at_most(self.hurried, seconds)


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
