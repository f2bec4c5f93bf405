"""When a device that the API calls unhealthy tries itself, and how: with one token."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from evalyard_runner import log
from evalyard_runner.backends import Backend
from evalyard_runner.errors import GenerationError
from evalyard_runner.options import Generation
from evalyard_runner.stopping import Stop
from evalyard_runner.unexpected import place_of

FIRST_S: Final = 60.0
_LONGEST_S: Final = 900.0
# A model may have to be loaded first.
_PATIENCE_S: Final = 180.0


@dataclass
class Trials:
    """First after a minute, then after twice as long each time, up to a quarter of an hour."""

    clock: Callable[[], float] = monotonic
    _wait_s: float = 0.0
    _due_at: float | None = None

    def hear(self, *, unhealthy: bool) -> None:
        """What the API says of the device now."""
        if not unhealthy:
            self._due_at = None
        elif self._due_at is None:
            log.trouble("device_unhealthy", tried_in_s=FIRST_S)
            self._wait_s = FIRST_S
            self._due_at = self.clock() + FIRST_S

    @property
    def due(self) -> bool:
        return self._due_at is not None and self.clock() >= self._due_at

    def made(self) -> None:
        """The next one is due later, should this one not end it."""
        self._wait_s = min(self._wait_s * 2, _LONGEST_S)
        self._due_at = self.clock() + self._wait_s


async def answers(backend: Backend, model: str, stop: Stop) -> bool:
    """Whether the model gives a token; False, too, when the runner has to stop first."""
    asked = Generation(model, "Hello", options={"num_predict": 1})
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await stop.unless_asked(backend.generate(asked)) is not None
    except GenerationError as exc:
        log.trouble("trial_failed", model=model, code=exc.code)
    except Exception as exc:  # The last resort: a trial must not end the runner.
        log.trouble("trial_failed", model=model, reason=place_of(exc))
    return False
