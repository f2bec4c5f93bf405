"""What is called without FastAPI is called with what FastAPI would have found."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute

from functions.datasets.handler import app as datasets
from shared import http
from shared.errors import NotFound, TooManyRequests, Unauthenticated, Unavailable
from shared.http.body import EdgeError
from shared.http.direct import DirectApp, DirectRoute, directly
from tests.kit.gateway import LambdaContext, http_event

Endpoint = Callable[..., Awaitable[Any]]


async def name(request: Request) -> str:
    return request.headers["name"]


async def named_by(request: Request, query: str = "") -> str:
    return query


def plainly(request: Request) -> str:
    return "plain"


async def all_may_be_left_out(
    request: Request,
    who: Annotated[str, Depends(name)],
    flag: Annotated[bool, Query()] = False,
    limit: Annotated[int, Query(ge=1)] = 50,
    names: Annotated[list[str] | None, Query(alias="n")] = None,
    seen: Annotated[list[str], Query()] = [],  # noqa: B006  # FastAPI copies it.
) -> Response:
    seen.append(request.method)
    return Response(repr((who, flag, limit, names, seen)), 207, {"x-made": "here"})


async def needs_a_query(q: Annotated[str, Query()]) -> Response:
    return Response(q)


async def has_a_body(said: Annotated[dict[str, Any], Body()]) -> Response:
    return Response("body")


async def has_a_path(place: str) -> Response:
    return Response(place)


async def makes_no_response(flag: Annotated[bool, Query()] = False) -> dict[str, bool]:
    return {"flag": flag}


async def asks_in_a_thread(who: Annotated[str, Depends(plainly)]) -> Response:
    return Response(who)


async def asks_for_more(who: Annotated[str, Depends(named_by)]) -> Response:
    return Response(who)


async def sets_headers(response: Response) -> Response:
    return Response(headers=response.headers)


class _Direct(DirectRoute):
    def get_route_handler(self) -> Any:
        self.direct = directly(self.dependant)
        return super().get_route_handler()


def direct_routes(app: DirectApp) -> list[tuple[str, str]]:
    """Where they are, by method and path."""
    return [place for place, route in app._places.items() if route.direct]


def _answers(route_class: type[APIRoute], *queries: str) -> list[dict[str, Any]]:
    app = DirectApp()
    app.router.route_class = route_class
    app.post("/", response_model=None)(all_may_be_left_out)
    return [_answer(app, f"/{query}", "POST") for query in queries]


def test_answers_are_those_of_fastapi_when_the_endpoint_is_called_directly() -> None:
    queries = ("", "", "?", "?flag=1&limit=3&n=a&n=b", "?limit=0", "")

    direct, through_fastapi = _answers(_Direct, *queries), _answers(APIRoute, *queries)

    assert direct == through_fastapi
    assert direct[0]["body"] == direct[1]["body"] == "('ada', False, 50, None, ['POST'])"
    assert [answer["statusCode"] for answer in direct] == [207, 207, 207, 207, 422, 207]


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        (needs_a_query, "/"),
        (has_a_body, "/"),
        (has_a_path, "/{place}"),
        (makes_no_response, "/"),
        (asks_in_a_thread, "/"),
        (asks_for_more, "/"),
        (sets_headers, "/"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_fastapi_is_asked_when_something_is_left_for_it(endpoint: Endpoint, path: str) -> None:
    app = DirectApp()
    app.router.routes.append(_Direct(path, endpoint, methods=["POST"]))

    assert not direct_routes(app)


def _answer(app: DirectApp, path: str, method: str = "GET") -> dict[str, Any]:
    event = http_event(method, path, headers={"host": "here", "name": "ada"})
    event["requestContext"]["requestId"] = "r-1"
    return http.serve(app, event, LambdaContext())


@pytest.mark.parametrize(
    "error",
    [
        NotFound("no such thing", code="thing_not_found"),
        TooManyRequests("wait", retry_after_s=7),
        Unauthenticated("who?"),
        Unavailable("away"),
        EdgeError(NotFound("at the edge")),
        HTTPException(405),
        ValueError("unforeseen"),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_answered_as_through_fastapi_when_the_endpoint_is_called_directly(
    error: Exception,
) -> None:
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/fails")
    async def fail(ways: Annotated[str, Query()] = "both") -> Response:
        raise error

    app = http.create_app("Fails", router)

    assert direct_routes(app)
    assert _answer(app, "/fails") == _answer(app, "/fails?ways=one")


def test_a_route_is_found_as_fastapi_finds_it_when_others_fit_too() -> None:
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/things/{name}")
    async def get_thing(name: str) -> Response:
        return Response(name)

    @router.get("/things/mine")
    async def get_mine() -> Response:
        return Response("never asked for")

    @router.post("/things/mine")
    async def post_mine() -> Response:
        return Response("posted")

    app = http.create_app("Things", router)

    assert direct_routes(app) == [("POST", "/things/mine")]
    assert _answer(app, "/things/mine")["body"] == "mine"


def test_an_append_goes_directly_when_its_query_is_empty() -> None:
    assert ("POST", "/user/data/append_jsonl") in direct_routes(datasets)
