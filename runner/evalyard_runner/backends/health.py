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
    """`probe` asks a model for one token; `models` are those that are served. Well until a failure
    says otherwise.
    """

    probe: Callable[[str], Awaitable[object]]
    models: Callable[[], tuple[str, ...]]
    clock: Callable[[], float] = monotonic
    _model: str | None = None
    # How it failed, until one who would wait asks for it.
    _untold: str | None = None
    _not_before: float = 0.0
    _turn: int = 0
    _backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1.0, longest_s=15.0))

    def note(self, failure: GenerationError, model: str) -> None:
        """How a request for the model failed."""
        if failure.retry_after_s is None:
            return
        if self._model is None:
            self._untold = failure.code
        self._model = model
        self._wait(failure.retry_after_s)

    async def recovered(self) -> bool:
        """Asks for a token once the server's time is over, then less and less often."""
        if self._model is None:
            return True
        if self._untold is not None:
            log.trouble("server_unavailable", code=self._untold, model=self._model)
            self._untold = None
        if self.clock() < self._not_before or not await self._answers(self._model):
            return False
        log.trouble("server_answers_again", model=self._model)
        self._model = None
        self._backoff.reset()
        return True

    async def _answers(self, model: str) -> bool:
        """Whether the model that was refused answers. Where it is not found, another one that does
        shows that the server is there: then it is about this model and its jobs.
        """
        refused = await self._refusal(model)
        others = [each for each in self.models() if each != model]
        if others and refused is not None and refused.message.startswith("404"):
            self._turn += 1
            refused = await self._refusal(others[self._turn % len(others)])
        if refused is not None:
            self._wait(refused.retry_after_s or 0.0)
        return refused is None

    async def _refusal(self, model: str) -> GenerationError | None:
        """Why the server does not answer; None also for one that has an opinion about the request,
        for then it works.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.probe(model)
        except TimeoutError:
            return GenerationError("runtime_crash", "no answer", retryable=True)
        except GenerationError as failure:
            unable = failure.retry_after_s is not None or failure.code == "runtime_crash"
            return failure if unable else None
        return None

    def _wait(self, wanted_s: float) -> None:
        self._not_before = self.clock() + max(wanted_s, self._backoff.next_delay())
