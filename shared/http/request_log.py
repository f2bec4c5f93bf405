"""The outermost layer: what every answer has, whatever route gave it.

A request id, which every log line of the request carries; the headers that keep browsers and
caches careful; one log line of its own. An answer that Lambda would not pass on becomes a 413
that says what to do. Each 5xx is counted, because a function that answers does not fail as far
as AWS can see: `ServerErrors` are faults of ours, `AnswersUnavailable` pass.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from fastapi import Response

from shared import ids
from shared.errors import TooLarge
from shared.http.answers import (
    MAX_ANSWER_BYTES,
    advice_of,
    answer_bytes,
    most_answer_bytes,
)
from shared.http.direct import DirectApp
from shared.observability import count, logger
from shared.problem_documents import PROBLEM_TYPE, problem_body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = list[tuple[bytes, bytes]]

# What a route may say itself. Answers hold a user's data, or a secret: no cache keeps them.
_UNLESS_SAID = {b"cache-control": b"no-store"}
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"strict-transport-security": b"max-age=31536000",
}


class _Code(msgspec.Struct):
    """The one member of a problem document that logs name."""

    code: str = ""


class WholeAnswer:
    """An answer while it is given, held until it is whole."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.body = b""

    def hold(self, response: Response) -> None:
        """A response as it is."""
        assert response.background is None, "nothing would run it"
        self.status, self.body = response.status_code, bytes(response.body)
        self.headers = response.raw_headers

    async def take(self, message: MutableMapping[str, Any]) -> None:
        """The `send` of the app."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def complete(self, request_id: str) -> None:
        """Give it the headers that every answer has."""
        said = {name for name, _ in self.headers}
        kept = [pair for pair in self.headers if pair[0] not in _ALWAYS]
        added = [pair for pair in _UNLESS_SAID.items() if pair[0] not in said]
        self.headers = [*kept, *added, *_ALWAYS.items(), (b"x-request-id", request_id.encode())]

    def shrink(self, request_id: str, advice: str) -> None:
        """Become a 413 where Lambda would not pass it on."""
        if most_answer_bytes(self.headers, self.body) <= MAX_ANSWER_BYTES:
            return
        if answer_bytes(self.headers, self.body) <= MAX_ANSWER_BYTES:
            return
        error = TooLarge(
            f"this answer would be larger than {MAX_ANSWER_BYTES} bytes; {advice}",
            code="answer_too_large",
            limit_bytes=MAX_ANSWER_BYTES,
        )
        self.status, self.body = 413, problem_body(error, request_id)
        self.headers = [(b"content-type", PROBLEM_TYPE.encode())]

    def code(self) -> str | None:
        """The problem's code, where it is one."""
        if (b"content-type", PROBLEM_TYPE.encode()) not in self.headers:
            return None
        return msgspec.json.decode(self.body, type=_Code).code


class RequestLog:
    """Wraps an app; knows nothing of its routes."""

    def __init__(self, app: DirectApp) -> None:
        self._app = app

    async def answer(self, scope: Scope, receive: Receive) -> WholeAnswer:
        """Answer one request and log it by ids, never by content."""
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = WholeAnswer()
        keys = logger().registered_formatter
        keys.append_keys(request_id=request_id)
        try:
            await self._answer(scope, receive, answer)
            answer.shrink(request_id, advice_of(getattr(scope.get("route"), "endpoint", None)))
            answer.complete(request_id)
            _log(scope, answer, time.perf_counter() - started)
        finally:
            keys.remove_keys(["request_id"])
        return answer

    async def _answer(self, scope: Scope, receive: Receive, answer: WholeAnswer) -> None:
        try:
            response = await self._app.respond(scope, receive)
            if response is None:
                await self._app(scope, receive, answer.take)
            else:
                answer.hold(response)
        except Exception:
            # Starlette raises again what the 500 was answered for; it is logged by then.
            if not answer.status:
                count("ServerErrors")
                raise


def _request_id(scope: Scope) -> str:
    context = scope.get("aws.event", {}).get("requestContext", {})
    return str(context.get("requestId") or ids.new_id("req"))


def _log(scope: Scope, answer: WholeAnswer, seconds: float) -> None:
    route = scope.get("route")
    logger().info(
        "request_served",
        method=scope["method"],
        route=getattr(route, "path", None),
        status=answer.status,
        code=answer.code(),
        duration_ms=round(seconds * 1000, 1),
        caller=getattr(scope["state"].get("caller"), "name", None),
    )
    if answer.status >= 500:
        count("AnswersUnavailable" if answer.status == 503 else "ServerErrors")
