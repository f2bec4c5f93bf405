"""The whole API as one WSGI application: the template's routes before the real functions.

What API Gateway does between a client and the functions, so that tools which speak HTTP to an
application (schemathesis) reach them without a network.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.client import responses
from importlib import import_module
from typing import Any

from tests.kit.gateway import LambdaContext, LambdaHandler, http_event, read_answer
from tests.kit.streaming import whole
from tools.template import Template

_HEADERS = {"UserAuthorizer": "x-user-token", "DeviceAuthorizer": "x-device-token"}
# Werkzeug splits the path from the query and unquotes it; this is the path as it was sent.
_RAW = "RAW_URI"
Environ = dict[str, Any]


@dataclass(frozen=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    authorizer: str | None
    handler: LambdaHandler

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("ANY", method) and self.pattern.fullmatch(path) is not None


class WholeApi:
    """`credentials` maps tokens to what the authorizer says of their holder."""

    def __init__(self, template: Template, credentials: dict[str, dict[str, str]]) -> None:
        # The longest path goes first, as API Gateway prefers the most specific one.
        self._routes = sorted(_routes(template), key=lambda route: -len(route.pattern.pattern))
        self._credentials = credentials

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one WSGI request."""
        path, _, query = str(environ[_RAW]).partition("?")
        method = str(environ["REQUEST_METHOD"])
        route = next(route for route in self._routes if route.fits(method, path))
        headers = dict(_headers(environ))
        token = headers.get(_HEADERS.get(route.authorizer or "", ""), "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        event = http_event(
            method,
            f"{path}?{query}",
            content=environ["wsgi.input"].read(length) if length else None,
            headers=headers,
            context=self._credentials.get(token, {}),
        )
        # Clients inflate what they are sent; the tools behind this one do not.
        headers.pop("accept-encoding", None)
        answer = read_answer(route.handler(event, LambdaContext()))
        start(f"{answer.status} {responses[answer.status]}", list(answer.headers.items()))
        return [answer.body]


def _routes(template: Template) -> Iterator[_Route]:
    for function in template.functions().values():
        properties = function["Properties"]
        for event in properties.get("Events", {}).values():
            if event["Type"] in ("Api", "HttpApi"):
                streams = event["Type"] == "Api"
                yield _route(event.get("Properties", {}), properties["Handler"], streams)


def _route(event: dict[str, Any], handler: str, streams: bool) -> _Route:
    module, _, name = handler.rpartition(".")
    parts = re.split(r"(\{[^}]+\})", event.get("Path", "/{proxy+}"))
    pattern = "".join(
        re.escape(part) if not part.startswith("{") else ".+" if "+" in part else "[^/]+"
        for part in parts
    )
    function = getattr(import_module(module), name)
    return _Route(
        event.get("Method", "ANY").upper(),
        re.compile(pattern, re.DOTALL),
        event.get("Auth", {}).get("Authorizer"),
        _whole(function) if streams else function,
    )


def _whole(handler: Any) -> LambdaHandler:
    return lambda event, _: whole(handler, event)


def _headers(environ: Environ) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-").lower(), str(value)
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            yield name.replace("_", "-").lower(), str(environ[name])
