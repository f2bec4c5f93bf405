"""How long a question may take: what answers it is stopped in time to say so.

API Gateway gives up after 30 s, and a caller who hears nothing cannot know what to ask instead.
Measured by the machine's own clock, not the product's: queries run in real time in tests too.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from math import inf

import msgspec

from shared.errors import Unavailable
from shared.isolation import kept_apart

# What begins just after it was interrupted is interrupted again so much later.
_AGAIN_S = 0.05
# Files that were fetched are kept for a while, so the same question may succeed later.
_RETRY_AFTER_S = 30


class QueryTimedOut(Unavailable):
    """The question could not be answered in the time that there is for it."""

    code = "query_timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"this question was stopped after {seconds:g} s; ask for a shorter window, "
            "filter by device or model, or group by less",
            retry_after_s=_RETRY_AFTER_S,
        )


class Deadline(msgspec.Struct, frozen=True):
    """The end of a span of `seconds`, by the monotonic clock."""

    seconds: float
    ends_at: float

    @property
    def left_s(self) -> float:
        """How long until then; never negative."""
        return max(0.0, self.ends_at - time.monotonic())

    def check(self) -> None:
        """Raises QueryTimedOut when it has passed."""
        if self.left_s <= 0:
            raise QueryTimedOut(self.seconds)


_NEVER = Deadline(inf, inf)
_deadline: ContextVar[Deadline] = ContextVar("deadline", default=_NEVER)


def current_deadline() -> Deadline:
    """The one that holds here; it never comes where none was set."""
    return _deadline.get()


class _Within:
    """A block that a deadline holds in."""

    __slots__ = ("_deadline", "_token")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        """Set the deadline."""
        self._token = _deadline.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        """Set the one before again."""
        _deadline.reset(self._token)


def answered_within(seconds: float) -> _Within:
    """What is asked in this block has so long; other threads must be given the deadline."""
    return _Within(Deadline(seconds, time.monotonic() + seconds))


@contextmanager
def interrupted_at_deadline(interrupt: Callable[[], None]) -> Iterator[None]:
    """Calls `interrupt` from another thread once the deadline passes, until the block is left.

    Again and again, since it may come between two steps and stop neither. Raises QueryTimedOut
    where the deadline has passed before the block begins.
    """
    deadline = current_deadline()
    deadline.check()
    if deadline.left_s == inf:
        yield
        return
    with _watch.over(deadline.ends_at, interrupt):
        yield


class _Watch:
    """One thread for all blocks of the process: starting one takes as long as a small question."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, Callable[[], None]]] = {}
        self._numbers = count()
        self._wakes_at = inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, ends_at: float, interrupt: Callable[[], None]) -> Iterator[None]:
        """Calls `interrupt` from the end on, and no more once the block is left."""
        number = next(self._numbers)
        with self._changed:
            self._watched[number] = (ends_at, interrupt)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            elif ends_at < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._watched[number]

    def _run(self) -> None:
        with self._changed:
            while True:
                self._interrupt_late_ones()
                self._wakes_at = min((at for at, _ in self._watched.values()), default=inf)
                wait_s = None if self._wakes_at == inf else self._wakes_at - time.monotonic()
                self._changed.wait(wait_s)

    def _interrupt_late_ones(self) -> None:
        now = time.monotonic()
        for number, (at, interrupt) in self._watched.items():
            if at <= now:
                # One that cannot be interrupted must not keep the thread from the others.
                with kept_apart("question_not_interrupted", None) as attempt:
                    interrupt()
                next_at = inf if attempt.failed else now + _AGAIN_S
                self._watched[number] = (next_at, interrupt)


_watch = _Watch()
