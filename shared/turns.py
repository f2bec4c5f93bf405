"""Sharing the time of one invocation among steps and users, so that none takes all of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from shared import clock
from shared.clock import SECOND_US

MayGoOn = Callable[[], bool]


@dataclass(frozen=True)
class TimeLeft:
    """Whether there is time to go on; called, it says so.

    `left_ms` is what the function has left altogether, `until_ms` what must stay.
    """

    left_ms: Callable[[], int]
    until_ms: int

    @classmethod
    def of(cls, context: Any, reserve_ms: int) -> "TimeLeft":
        """The time of a Lambda invocation, but for a reserve."""
        return cls(context.get_remaining_time_in_millis, reserve_ms)

    def __call__(self) -> bool:
        """Whether there is time for more."""
        return self.left_ms() > self.until_ms

    def share(self, parts: int) -> "TimeLeft":
        """The first of so many equal parts of the time that is left now."""
        left = max(0, self.left_ms() - self.until_ms)
        return replace(self, until_ms=self.until_ms + left * (parts - 1) // parts)


@dataclass(frozen=True)
class Turn:
    """One user's turn: it ends after so many seconds, or with the time of all."""

    may_go_on: MayGoOn
    seconds: int
    _began_us: int = field(default_factory=clock.now_us, init=False)

    def __call__(self) -> bool:
        """Whether there is time for more of this user's work."""
        return not self.over and self.may_go_on()

    @property
    def over(self) -> bool:
        """Whether the user had all the time that a turn has."""
        return clock.now_us() - self._began_us >= self.seconds * SECOND_US
