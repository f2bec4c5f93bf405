"""Calls an endpoint without FastAPI where nothing is left for it to do.

For a request without a query, to an endpoint all of whose parameters may be left out and that
makes its `Response` itself, FastAPI finds the defaults: this does the same by a table that is
made once, in a tenth of the time (decision 0094). All other requests go through FastAPI.
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant

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


def directly(dependant: Dependant, original: Answer) -> Answer:
    """A handler that calls the endpoint itself where it can; the original where it never can."""
    endpoint = dependant.call
    if endpoint is None or not _is_simple(dependant) or not _makes_its_response(endpoint):
        return original
    defaults = [(field.name, field.get_default) for field in dependant.query_params]
    givers = [(str(each.name), each.call) for each in dependant.dependencies]

    async def answer(request: Request) -> Response:
        if request.scope["query_string"]:
            return await original(request)
        values: dict[str, Any] = {name: default() for name, default in defaults}
        for name, give in givers:
            values[name] = await give(request)  # type: ignore[misc]  # A coroutine function, as _is_simple found.
        if dependant.request_param_name:
            values[dependant.request_param_name] = request
        response: Response = await endpoint(**values)
        return response

    return answer


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
