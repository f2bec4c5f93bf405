"""Notices when this process stood still: a closed laptop, SIGSTOP, a suspended phone.

Whatever was measured meanwhile says nothing about the model.
"""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self

_PERIOD_S: Final = 0.5
# More than a busy processor makes a thread wait.
_FROZEN_S: Final = 2.0
# Two clocks of one kernel, read one after the other.
_SUSPENDED_S: Final = 1.0


def _with_suspension() -> float:
    """A clock that goes on while the system sleeps; Linux's own monotonic one stands still."""
    clock = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class FreezeWatch:
    """A context manager with a thread that looks at the clocks every half second.

    It stands still with the process, and then finds that more time passed than it slept; where the
    whole system slept, only `awake` stood still and `always` went on.
    """

    def __init__(
        self,
        awake: Callable[[], float] = time.monotonic,
        always: Callable[[], float] = _with_suspension,
    ) -> None:
        self._awake, self._always = awake, always
        self._last = awake(), always()
        self._frozen_s = 0.0
        self._over, self._lock = Event(), Lock()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()

    def frozen_s(self) -> float:
        """For how long the process stood still since it is watched; only grows."""
        with self._lock:
            now = self._awake(), self._always()
            gap_s, all_s = (later - earlier for later, earlier in zip(now, self._last, strict=True))
            if gap_s >= _FROZEN_S or all_s - gap_s >= _SUSPENDED_S:
                self._frozen_s += max(gap_s, all_s)
            self._last = now
            return self._frozen_s

    def _watch(self) -> None:
        while not self._over.wait(_PERIOD_S):
            self.frozen_s()
