"""What runs the model: a backend turns one `Generation` into one `Sample`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation


@dataclass(frozen=True)
class Relayed:
    """What a relayed answer measured, and what its server counted, in its own members."""

    sample: Sample
    usage: Mapping[str, Any]


class Backend(Protocol):
    """One model runtime. `models` are the names that jobs may ask for."""

    @property
    def models(self) -> tuple[str, ...]: ...

    @property
    def is_local(self) -> bool:
        """Whether the model runs on this device, so that its server's clock is the device's."""

    @property
    def load_ms(self) -> float | None:
        """How long loading the model took, if this backend loads it before it is asked."""

    @property
    def log(self) -> RuntimeLog:
        """What the runtime writes; empty for one that runs elsewhere."""

    async def about(self, model: str, within_s: float = 0.0) -> dict[str, Any]:
        """Under what it runs a model, by the names of docs/runs.md; None for what it does not know.
        What was known so many seconds ago will do.

        Takes a few seconds at most. Raises GenerationError for a model that it does not serve.
        """

    async def ready(self) -> bool:
        """Whether a job could run now; cheap when nothing failed lately."""

    async def recovered(self) -> bool:
        """Whether the model's server answers again since it said that it cannot now."""

    async def generate(self, generation: Generation) -> Sample:
        """Run the model once. Cancelling the task stops the model."""

    async def relay(
        self, model: str, body: Mapping[str, Any], heard: Callable[[dict[str, Any]], None]
    ) -> Relayed:
        """Answer a request of OpenAI's chat; `heard` is given each choice of each piece as it
        comes. Cancelling the task stops the model.
        """

    async def close(self) -> None: ...
