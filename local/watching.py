"""Starts again what ends by itself while the local cloud runs, though not for ever."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.errors import LocalCloudError
from local.processes import Child

# The kernel ends the largest program when memory runs out; what ends again and again is broken.
_TIMES = 5
_WITHIN_S = 600.0


@dataclass
class Kept:
    """A program that should run, and how to start it again."""

    child: Child
    start: Callable[[], Child]


@dataclass
class Watch:
    """Looks after programs, and says what it does."""

    say: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    _starts: deque[float] = field(default_factory=deque)

    def tend(self, programs: Sequence[Kept]) -> list[Kept]:
        """Those that had ended and run again; raises LocalCloudError when it was too often."""
        ended = [each for each in programs if each.child.ended]
        for each in ended:
            self._count(each.child)
            self.say(f"{each.child.name} {each.child.ending}; starting it again")
            each.child = each.start()
            self.say(f"{each.child.name} runs again")
        return ended

    def _count(self, child: Child) -> None:
        now = self.now()
        while self._starts and now - self._starts[0] > _WITHIN_S:
            self._starts.popleft()
        if len(self._starts) >= _TIMES:
            raise LocalCloudError(
                f"{child.name} {child.ending}, and {_TIMES} programs ended in the last "
                f"{_WITHIN_S / 60:.0f} minutes before (see {child.log})"
            )
        self._starts.append(now)
