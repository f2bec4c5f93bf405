"""A sensor asked with patience: one that hangs or fails costs its own reading and nothing else."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Final, Generic, TypeVar

from evalyard_runner import log
from evalyard_runner.unexpected import place_of

T = TypeVar("T")

# Longer than any sensor that works: Termux's command gives up by itself after five seconds.
PATIENCE_S: Final = 6.0


class Asked(Generic[T]):
    """Each question has a thread of its own, because a driver that hangs cannot be interrupted.

    A sensor that has not answered yet is not asked again before it does; its late answer is
    dropped, for it is of another moment. stderr has one line when it begins to fail and one when
    it answers again.
    """

    def __init__(self, read: Callable[[], T], patience_s: float = PATIENCE_S) -> None:
        self._read, self._patience_s = read, patience_s
        self._name = getattr(read, "__qualname__", type(read).__name__)
        self._question: _Question[T] | None = None
        self._failing = False

    @property
    def late(self) -> bool:
        """Whether the last question had no answer."""
        return self._failing

    def ask(self) -> T | None:
        """What it says now; None when it fails or does not answer."""
        if self._question is not None:
            if not self._question.answered.is_set():
                return None
            self._question = None
        question = _Question(self._read)
        if not question.answered.wait(self._patience_s):
            self._question = question
            self._fail("no answer")
            return None
        if question.failure is not None:
            self._fail(place_of(question.failure))
            return None
        self._answer()
        return question.answer

    def _fail(self, reason: str) -> None:
        if not self._failing:
            log.trouble("sensor_failed", sensor=self._name, reason=reason)
        self._failing = True

    def _answer(self) -> None:
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
