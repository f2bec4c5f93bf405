"""A request is answered in the thread that it came in."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.http import OpenRoute, create_app, inline, serve
from tests.kit.gateway import LambdaContext, http_event
from tools.template import read_template


def apps() -> list[str]:
    """The handlers of functions with routes."""
    functions = read_template().of_type("AWS::Serverless::Function").values()
    modules = [each["Properties"]["Handler"].rpartition(".")[0] for each in functions]
    return [name for name in modules if isinstance(_app(name), FastAPI)]


def _app(module: str) -> Any:
    return getattr(importlib.import_module(module), "app", None)


def routes_of(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.router.routes if isinstance(route, APIRoute)]


def called_by(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from called_by(each)


@pytest.mark.parametrize("module", apps())
def test_nothing_goes_to_a_thread_when_a_request_is_read(module: str):
    routes = routes_of(_app(module))

    called = {each for route in routes for each in called_by(route.dependant)}

    assert called
    assert [each for each in called if not inspect.iscoroutinefunction(each)] == []


class Asked:
    """What a query asks for."""

    def __init__(self, name: str = "nothing", number: int = 1) -> None:
        self.text = name * number


def both(asked: Annotated[Asked, inline(Asked)], number: int = 1) -> str:
    return f"{asked.text} {number}"


def test_plain_functions_and_classes_are_called_with_what_they_name(aws: None):
    router = APIRouter(route_class=OpenRoute)

    @router.get("/asked")
    async def asked(found: Annotated[str, inline(both)]) -> str:
        return found

    app = create_app("Any", router)
    answer = serve(app, http_event("GET", "/asked?name=ab&number=2"), LambdaContext())
    refused = serve(app, http_event("GET", "/asked?number=x"), LambdaContext())

    assert (answer["statusCode"], answer["body"]) == (200, '"abab 2"')
    assert refused["statusCode"] == 400


def test_one_function_is_one_dependency_wherever_it_is_named():
    assert inline(both).dependency is inline(both).dependency
    assert inline(both).dependency is not inline(Asked).dependency
