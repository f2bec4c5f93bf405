"""A route is made when it is first asked for, once, and is then the one that FastAPI would make."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from shared.http.late import LateRoute, make_routes

THREADS = 8


async def things(limit: Annotated[int, Query(ge=1)] = 50) -> Response:
    return Response(str(limit))


async def thing(name: str) -> dict[str, str]:
    return {"name": name}


def app_of(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)
    router.get("/things")(things)
    router.post("/things/{name}", status_code=201)(thing)
    app = FastAPI()
    app.router.routes.extend(router.routes)
    return app


def made(app: FastAPI) -> list[str]:
    return [route.endpoint.__name__ for route in late(app) if "app" in route.__dict__]


def late(app: FastAPI) -> list[LateRoute]:
    return [route for route in app.routes if isinstance(route, LateRoute)]


def test_only_the_route_of_the_request_is_made() -> None:
    app = app_of(LateRoute)

    before = made(app)
    TestClient(app).post("/things/a")

    assert (before, made(app)) == ([], ["thing"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/things"),
        ("GET", "/things?limit=0"),
        ("POST", "/things"),
        ("HEAD", "/things"),
        ("POST", "/things/a"),
        ("GET", "/things/a"),
        ("GET", "/nothing"),
        ("GET", "/openapi.json"),
    ],
)
def test_answers_are_those_of_fastapi(method: str, path: str) -> None:
    answers = [TestClient(app_of(kind)).request(method, path) for kind in (LateRoute, APIRoute)]

    first, second = [(each.status_code, each.headers, each.content) for each in answers]
    assert first == second


def test_every_thread_sees_a_whole_route_when_many_ask_at_once() -> None:
    [route, _] = late(app_of(LateRoute))
    begin = Barrier(THREADS)

    def ask(_: int) -> Any:
        begin.wait()
        return route.app, route.dependant.query_params[0].name

    with ThreadPoolExecutor(THREADS) as threads:
        seen = list(threads.map(ask, range(THREADS)))

    assert seen == [(route.app, "limit")] * THREADS


def test_a_name_that_no_route_has_is_refused_before_and_after() -> None:
    [route, _] = late(app_of(LateRoute))

    for _ in range(2):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            route.nothing  # noqa: B018  Asking is what is tried.


def test_all_are_made_when_it_is_asked() -> None:
    app = app_of(LateRoute)

    make_routes(app)

    assert made(app) == ["things", "thing"]


def test_a_wrong_declaration_is_seen_when_all_are_made() -> None:
    app = FastAPI()
    app.router.routes.append(LateRoute("/", things, status_code=204, response_model=int))

    with pytest.raises(AssertionError, match="must not have a response body"):
        make_routes(app)
