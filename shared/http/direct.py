"""Calls an endpoint without FastAPI where nothing is left for it to do.

For a request without a query, to an endpoint all of whose parameters may be left out and that
makes its `Response` itself, FastAPI finds the route and the defaults: this does the same by tables
that are made once, in a tenth of the time (decisions 0094, 0096). Errors go to the same handlers.
All other requests go through FastAPI.
"""

import inspect
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope

from shared.http.late import LateRoute

Answer = Callable[[Request], Coroutine[Any, Any, Response]]
# What else a dependant may ask for; none of our endpoints that qualify does.
_OTHERS = (
    "path_params",
    "header_params",
    "cookie_params",
    "body_params",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "websocket_param_name",
    "own_oauth_scopes",
    "parent_oauth_scopes",
    "concurrency",
)


def directly(dependant: Dependant) -> Answer | None:
    """What calls the endpoint itself, for a request without a query; None where it never can."""
    endpoint = dependant.call
    if endpoint is None or not _is_simple(dependant) or not _makes_its_response(endpoint):
        return None
    defaults = {field.name: field.get_default() for field in dependant.query_params}
    fresh = [field for field in dependant.query_params if not _never_changes(defaults[field.name])]
    givers = [(str(each.name), each.call) for each in dependant.dependencies]

    async def answer(request: Request) -> Response:
        values: dict[str, Any] = defaults.copy()
        for field in fresh:
            values[field.name] = field.get_default()
        for name, give in givers:
            values[name] = await give(request)  # type: ignore[misc]  # A coroutine function, as _is_simple found.
        if dependant.request_param_name:
            values[dependant.request_param_name] = request
        response: Response = await endpoint(**values)
        return response

    return answer


def _never_changes(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_simple(dependant: Dependant) -> bool:
    return (
        not any(getattr(dependant, name, None) for name in _OTHERS)
        and not any(field.field_info.is_required() for field in dependant.query_params)
        and all(map(_is_of_the_request_only, dependant.dependencies))
    )


def _is_of_the_request_only(dependency: Dependant) -> bool:
    """Whether it is a coroutine function of the request and of nothing else."""
    return (
        inspect.iscoroutinefunction(dependency.call)
        and list(inspect.signature(dependency.call).parameters) == [dependency.request_param_name]
        and not dependency.dependencies
    )


def _makes_its_response(endpoint: Callable[..., Any]) -> bool:
    return (
        inspect.iscoroutinefunction(endpoint)
        and inspect.signature(endpoint).return_annotation is Response
    )


class DirectRoute(LateRoute):
    """A route that may be called without FastAPI: by `direct`, if that is not None."""

    direct: Answer | None


class DirectApp(FastAPI):
    """An app that can answer requests without a query to direct routes, past FastAPI."""

    async def respond(self, scope: Scope, receive: Receive) -> Response | None:
        """The response to a request, without FastAPI; None where that is to answer it."""
        route = self._places.get((scope["method"], scope["path"]))
        if route is None or scope["query_string"] or route.direct is None:
            return None
        scope.update(app=self, route=route, endpoint=route.endpoint, path_params={})
        return await self._answered(route, Request(scope, receive))

    @cached_property
    def _places(self) -> dict[tuple[str, str], DirectRoute]:
        """Routes by the method and path by which FastAPI finds them."""
        return {
            (method, route.path): route
            for route in self.routes
            if isinstance(route, DirectRoute)
            for method in route.methods or ()
            if self._finds(method, route.path) is route
        }

    def _finds(self, method: str, path: str) -> BaseRoute | None:
        scope = {"type": "http", "method": method, "path": path}
        found = (route for route in self.routes if route.matches(scope)[0] is Match.FULL)
        return next(found, None)

    async def _answered(self, route: DirectRoute, request: Request) -> Response:
        assert route.direct
        try:
            return await route.direct(request)
        except Exception as exc:
            # As Starlette finds them, and there is one for every exception.
            kinds = (kind for kind in type(exc).__mro__ if kind in self.exception_handlers)
            handler: Any = self.exception_handlers[next(kinds)]
            response: Response = await handler(request, exc)
            return response
