"""The outermost ASGI layer: a request id on every response, one log line per request."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from shared import ids
from shared.observability import logger

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Edge:
    """Wraps an ASGI app; knows nothing of its routes."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request and log it by ids, never by content."""
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, answered = 500, False

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            # Starlette raises again what the 500 was answered for; it is logged by then.
            if not answered:
                raise
        _log(scope, request_id, status, time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    context = scope.get("aws.event", {}).get("requestContext", {})
    return str(context.get("requestId") or ids.new_id("req"))


def _log(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    route = scope.get("route")
    logger().info(
        "request_served",
        method=scope["method"],
        route=getattr(route, "path", None),
        status=status,
        duration_ms=round(seconds * 1000, 1),
        request_id=request_id,
        caller=getattr(scope["state"].get("caller"), "name", None),
    )
