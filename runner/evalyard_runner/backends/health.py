"""Whether a model server that said "not now" answers again: one token decides, no list of models.

Servers answer `/v1/models` with 200 while they load the model, and proxies while the server behind
them is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from evalyard_runner import log
from evalyard_runner.backoff import Backoff
from evalyard_runner.errors import GenerationError

# A server may load the model for the probe; one that hangs is asked again.
_PATIENCE_S: Final = 300.0


@dataclass
class Health:
    """`probe` asks a model for one token. Well until a failure says otherwise."""

    probe: Callable[[str], Awaitable[object]]
    clock: Callable[[], float] = monotonic
    _model: str | None = None
    _not_before: float = 0.0
    _backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1.0, longest_s=15.0))

    def note(self, failure: GenerationError, model: str) -> None:
        """How a request for the model failed."""
        if failure.retry_after_s is None:
            return
        if self._model is None:
            log.trouble("server_unavailable", code=failure.code, model=model)
        self._model = model
        self._wait(failure.retry_after_s)

    async def recovered(self) -> bool:
        """Asks for a token once the server's time is over, then less and less often."""
        if self._model is None:
            return True
        if self.clock() < self._not_before or not await self._answers(self._model):
            return False
        log.trouble("server_answers_again", model=self._model)
        self._model = None
        self._backoff.reset()
        return True

    async def _answers(self, model: str) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.probe(model)
        except TimeoutError:
            self._wait(0.0)
            return False
        except GenerationError as failure:
            # With an opinion about the request it works; a crash is none.
            if failure.retry_after_s is None and failure.code != "runtime_crash":
                return True
            self._wait(failure.retry_after_s or 0.0)
            return False
        return True

    def _wait(self, wanted_s: float) -> None:
        self._not_before = self.clock() + max(wanted_s, self._backoff.next_delay())
