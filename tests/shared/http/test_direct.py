"""What is called without FastAPI is called with what FastAPI would have found."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from functions.datasets.routes import router
from shared.http.direct import directly

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


def _handlers(endpoint: Endpoint, path: str = "/") -> tuple[Any, Any]:
    """FastAPI's handler, and what `directly` makes of it."""
    route = APIRoute(path, endpoint, methods=["POST"])
    original = route.get_route_handler()
    return original, directly(route.dependant, original)


class _Direct(APIRoute):
    def get_route_handler(self) -> Any:
        return directly(self.dependant, super().get_route_handler())


def _answers(route_class: type[APIRoute], *queries: str) -> list[tuple[Any, ...]]:
    app = FastAPI()
    app.router.route_class = route_class
    app.post("/", response_model=None)(all_may_be_left_out)
    client = TestClient(app, headers={"name": "ada"})
    answers = [client.post(f"/{query}") for query in queries]
    return [(each.status_code, each.headers, each.text) for each in answers]


def test_answers_are_those_of_fastapi_when_the_endpoint_is_called_directly() -> None:
    queries = ("", "", "?", "?flag=1&limit=3&n=a&n=b", "?limit=0", "")

    direct, through_fastapi = _answers(_Direct, *queries), _answers(APIRoute, *queries)

    assert direct == through_fastapi
    assert direct[0][2] == direct[1][2] == "('ada', False, 50, None, ['POST'])"
    assert direct[4][0] == 422


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
    original, made = _handlers(endpoint, path)

    assert made is original


def test_an_append_goes_directly_when_its_query_is_empty() -> None:
    [append] = [each for each in router.routes if each.path.endswith("/append_jsonl")]

    assert directly(append.dependant, name) is not name
