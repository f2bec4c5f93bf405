"""A call as the gateway understands it, whichever API it came by, and what became of it."""

from typing import Any

import msgspec

from shared.gateway.phases import Phases


class ApiCaller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose API key it is."""

    user_id: str
    tenant: str
    admin: bool


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of a model. `body` is a request of OpenAI's chat, which goes to the model's
    server; `preview` is what of the prompt may be kept. What does not count leaves no run.
    """

    ask_id: str
    caller: ApiCaller
    model: str
    body: dict[str, Any]
    device: str | None = None
    tag: str | None = None
    max_wait_s: float = 30.0
    timeout_s: float = 300.0
    preview: str | None = None
    counts: bool = True


class Answered(msgspec.Struct, kw_only=True):
    """How a call ended, with what a device measured of it. `device` is None where none began;
    `conditions` are as runs keep them.
    """

    ask_id: str
    model: str
    how: str
    device: str | None
    finish_reason: str | None
    usage: dict[str, Any] | None
    metrics: dict[str, float | None]
    phases: Phases
    run_id: str | None
    code: str | None = None
    message: str | None = None
    ahead: int | None = None
    retry_after_s: int | None = None
    conditions: dict[str, str] = {}

    def count(self, name: str) -> int | None:
        """How many there were, by a metric's name; None is not known."""
        found = self.metrics.get(name)
        return None if found is None else round(found)

    @property
    def ok(self) -> bool:
        """Whether the model finished."""
        return self.how == "done"
