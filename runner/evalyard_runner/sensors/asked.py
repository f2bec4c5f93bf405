"""A sensor asked with patience: one that hangs or fails costs its own reading and nothing else."""

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from evalyard_runner import log
from evalyard_runner.unexpected import place_of

T = TypeVar("T")

# Longer than any sensor that works: Termux's command gives up by itself after five seconds.
PATIENCE_S: Final = 6.0
# A question without an answer is asked again in another thread: its own may hang for ever.
_AGAIN_S: Final = 60.0
# A thread an hour is nothing for a device to run out of.
_AGAIN_AT_MOST_S: Final = 3_600.0


class Asked(Generic[T]):
    """Each question has a thread of its own, because a driver that hangs cannot be interrupted.

    A sensor that has not answered yet is asked again when it has, or after a minute, then two,
    then four, up to an hour; a late answer is dropped, for it is of another moment. stderr has one
    line when it begins to fail and one when it answers again.
    """

    def __init__(
        self,
        read: Callable[[], T],
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._read, self._patience_s, self._clock = read, patience_s, clock
        self._name = getattr(read, "__qualname__", type(read).__name__)
        self._last: _Question[T] | None = None
        self._not_before, self._wait_s = 0.0, _AGAIN_S
        self._failing = False

    @property
    def late(self) -> bool:
        """Whether the last question had no answer."""
        return self._failing

    def ask(self) -> T | None:
        """What it says now; None when it fails or does not answer."""
        if self._is_waited_for():
            return None
        question = _Question(self._read)
        if not question.answered.wait(self._patience_s):
            self._wait_for(question)
            self._fail("no answer")
            return None
        if question.failure is not None:
            self._fail(place_of(question.failure))
            return None
        self._answer()
        return question.answer

    def _is_waited_for(self) -> bool:
        """Whether the last question may still be answered."""
        if self._last is None or self._last.answered.is_set():
            return False
        return self._clock() < self._not_before

    def _wait_for(self, question: "_Question[T]") -> None:
        self._not_before = self._clock() + self._wait_s
        self._wait_s = min(self._wait_s * 2, _AGAIN_AT_MOST_S)
        self._last = question

    def _fail(self, reason: str) -> None:
        if not self._failing:
            log.trouble("sensor_failed", sensor=self._name, reason=reason)
        self._failing = True

    def _answer(self) -> None:
        self._last, self._wait_s = None, _AGAIN_S
        if self._failing:
            log.trouble("sensor_answered_again", sensor=self._name)
        self._failing = False


class _Question(Generic[T]):
    """One call of a sensor, in a thread that does not keep the process from ending."""

    def __init__(self, read: Callable[[], T]) -> None:
        self.answered = Event()
        self.answer: T | None = None
        self.failure: Exception | None = None
        Thread(target=self._ask, args=(read,), daemon=True).start()

    def _ask(self, read: Callable[[], Any]) -> None:
        try:
            self.answer = read()
        except Exception as exc:  # Sensors fail in many ways, each on another system.
            self.failure = exc
        finally:
            self.answered.set()
