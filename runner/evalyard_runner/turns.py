"""Whose turn it is on the device: one thing at a time, and calls fairly by user; no I/O.

A job never shares the device: that would spoil what it measures. Calls go before a job that came
later, but only three of them, or for a minute; then the job goes first.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

MOST_WAITING: Final = 4
_CALLS_BEFORE_A_JOB: Final = 3
_JOB_WAITS_S: Final = 60.0


class Ticket:
    """A place in the queue. `turn` is done when it is this call's turn."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


@dataclass
class Turns:
    """`parallel`: how many calls may run at once."""

    parallel: int = 1
    clock: Callable[[], float] = monotonic
    _calls: set[Ticket] = field(default_factory=set)
    _waiting: deque[Ticket] = field(default_factory=deque)
    _job_runs: bool = False
    _job: "asyncio.Future[None] | None" = None
    _job_since: float = 0.0
    _calls_since_job: int = 0
    _served: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    @property
    def calls(self) -> int:
        """Calls that run."""
        return len(self._calls)

    @property
    def waits_for(self) -> str | None:
        """What a call that comes now would wait for: `job`, `calls`, or nothing."""
        if self._job_runs or self._job_is_first():
            return "job"
        return "calls" if len(self._calls) >= self.parallel or self._waiting else None

    def ask(self, user: str) -> Ticket | None:
        """A place in the queue, or None where it is full. Free it with `leave`."""
        if len(self._waiting) >= MOST_WAITING:
            return None
        ticket = Ticket(user)
        self._waiting.append(ticket)
        self._go_on()
        return ticket

    def ahead(self, ticket: Ticket | None = None) -> int:
        """How many go before a ticket, or before one that would be drawn now."""
        if ticket is not None and ticket.turn.done():
            return 0
        order = list(self._in_order())
        waiting = len(order) if ticket is None else order.index(ticket)
        job = self._job_runs or self._job_is_first()
        running = len(self._calls) if len(self._calls) >= self.parallel else 0
        return waiting + int(job) + running

    def leave(self, ticket: Ticket) -> None:
        """The call is over, or does not wait any more."""
        self._calls.discard(ticket)
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        self._go_on()

    @asynccontextmanager
    async def job(self) -> AsyncIterator[None]:
        """The device for a job alone, as soon as it is its turn."""
        self._job = asyncio.get_running_loop().create_future()
        self._job_since, self._calls_since_job = self.clock(), 0
        self._go_on()
        try:
            await self._job
            yield
        finally:
            self._job, self._job_runs = None, False
            self._go_on()

    def _go_on(self) -> None:
        """Give the device to what is next."""
        while not self._job_runs and self._waiting and not self._job_is_first():
            if len(self._calls) >= self.parallel:
                break
            self._begin(next(self._in_order()))
        if self._job is not None and not self._calls and not self._job_runs:
            self._job_runs = True
            if not self._job.done():
                self._job.set_result(None)

    def _begin(self, ticket: Ticket) -> None:
        self._waiting.remove(ticket)
        self._count += 1
        self._served[ticket.user] = self._count
        if self._job is not None:
            self._calls_since_job += 1
        self._calls.add(ticket)
        if not ticket.turn.done():
            ticket.turn.set_result(None)

    def _in_order(self) -> Iterator[Ticket]:
        """The next is the oldest call of the user who was served longest ago."""
        left, served = list(self._waiting), dict(self._served)
        for number in range(len(left)):
            first = min(left, key=lambda each: served.get(each.user, 0))
            left.remove(first)
            served[first.user] = self._count + number + 1
            yield first

    def _job_is_first(self) -> bool:
        if self._job is None or self._job_runs:
            return False
        waited = self.clock() - self._job_since >= _JOB_WAITS_S
        return waited or self._calls_since_job >= _CALLS_BEFORE_A_JOB
