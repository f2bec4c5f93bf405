"""Events of API Gateway as requests, and answers as its functions give them: Mangum translates.

Mangum would also run the app, in an event loop. No endpoint of ours waits for anything, so that
an app comes to its end at the first step, and without the loop an empty request takes a third of
the time (decision 0096).
"""

from collections.abc import Coroutine, MutableMapping
from contextvars import copy_context
from functools import cached_property
from typing import Any, TypeVar

from mangum.handlers import HTTPGateway

from shared.http.answers import TEXT_TYPES

# Where a request's scope has its body, whole.
BODY = "evalyard.body"
_CONFIG: Any = {"api_gateway_base_path": "/", "text_mime_types": TEXT_TYPES, "exclude_headers": []}

Result = TypeVar("Result")


class Waits(RuntimeError):
    """A coroutine waits for something, and there is no event loop that it could wait in."""


class HttpEvent(HTTPGateway):
    """One event of an HTTP API (payload 2.0)."""

    def __init__(self, event: dict[str, Any], context: Any) -> None:
        super().__init__(event, context, _CONFIG)

    @cached_property
    def scope(self) -> MutableMapping[str, Any]:
        """The request as ASGI has it, with its body at `BODY`. Mangum would make it twice."""
        scope = super().scope
        scope[BODY] = self.body
        return scope

    async def receive(self) -> dict[str, Any]:
        """ASGI's one message of the request."""
        return {"type": "http.request", "body": self.scope[BODY], "more_body": False}

    def answered(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> dict[str, Any]:
        """What the function gives back for an answer."""
        return self({"status": status, "headers": headers, "body": body})  # type: ignore[typeddict-item]  # Mangum would have lists of two.


def ran_through(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns that waits for nothing. One that does gets Waits raised there.

    What it sets in the context stays its own, as in a task.
    """
    step = copy_context().run
    refused = Waits("there is no event loop here: have a thread wait (shared.aws.parallel)")
    try:
        step(work.send, None)
        step(work.throw, refused)
    except StopIteration as end:
        result: Result = end.value
        return result
    work.close()
    raise refused
