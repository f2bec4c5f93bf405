"""What every route does with ids that are none, and with parameters that it does not take."""

import re
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.http import serve
from shared.http.query import QueryParameters
from shared.http.routes import OpenRoute, PageRoute
from tests.functions.test_every_route import CREDENTIALS, GUARDED, ROUTES, names
from tests.kit.gateway import ApiClient, ApiResponse

# Four bytes each.
WIDE = "\U0001f600"
NO_IDS = ["x" * 1_100, "x" * 2_100, WIDE * 300, "%20", "a\nb", "%00"]
API = [one for one in ROUTES if not isinstance(one[1], PageRoute)]
WITH_ID = [one for one in GUARDED if "{" in one[1].path_format]
ABSENT = {
    "serial": "device_not_found",
    "token_id": "token_not_found",
    "user_id": "user_not_found",
    "job_id": "job_not_found",
    "webhook_id": "callback_not_found",
    "name": "baseline_not_found",
}


def ask(route: tuple[FastAPI, APIRoute, str], path: str, **sent: Any) -> ApiResponse:
    app, api_route, method = route
    assert isinstance(api_route, OpenRoute)
    sent.setdefault("headers", {"content-type": "application/json"})
    context = CREDENTIALS[api_route.credential] if api_route.credential else None
    content = b"{}" if method in ("POST", "PUT", "PATCH") else None
    client = ApiClient(partial(serve, app), context)
    return client.request(method, path, content=content, **sent)


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


@pytest.mark.parametrize("route", WITH_ID, ids=names(WITH_ID))
def test_there_is_no_such_thing_when_an_id_can_be_none(
    settings_env: dict[str, str], route: tuple[FastAPI, APIRoute, str]
) -> None:
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    for name in re.findall(r"\{([^}]+)\}", route[1].path_format):
        for no_id in NO_IDS:
            path = filled(route[1].path_format.replace(f"{{{name}}}", no_id))

            answer = ask(route, path, headers=headers)

            is_gone = name == "job_id" and path.startswith("/devices/")
            expected = (410, "job_gone") if is_gone else (404, ABSENT[name])
            if route[2] == "PUT" and name == "name":
                # It is made here, so it is judged as one in a body.
                expected = (422, "invalid_baseline_name")
            assert (answer.status, answer.code) == expected, path[:100]


WITH_QUERY = [one for one in API if QueryParameters.of(one[1].dependant).names]


@pytest.mark.exhaustive
@pytest.mark.parametrize("route", WITH_QUERY, ids=names(WITH_QUERY))
def test_no_value_of_a_parameter_breaks_a_route(
    settings_env: dict[str, str], route: tuple[FastAPI, APIRoute, str]
) -> None:
    for name in QueryParameters.of(route[1].dependant).names:
        for value in ("", "x" * 2_100, WIDE * 600, "\x00", "-1"):
            answer = ask(route, filled(route[1].path_format), params={name: value})

            assert answer.status < 500, (name, value[:10], answer.text)


@pytest.mark.parametrize("route", API, ids=names(API))
def test_400_before_anything_is_looked_up_when_a_parameter_is_unknown(
    route: tuple[FastAPI, APIRoute, str],
) -> None:
    known = list(QueryParameters.of(route[1].dependant).names)

    answer = ask(route, filled(route[1].path_format), params={"nonsense": "1"})

    assert answer.status == 400
    if route[2] != "HEAD":
        assert answer.code == "unknown_parameter"
        assert answer.json()["allowed"] == known
        assert answer.json()["errors"][0]["pointer"] == "/query/nonsense"


@pytest.mark.parametrize("route", WITH_QUERY, ids=names(WITH_QUERY))
def test_400_before_anything_is_looked_up_when_a_single_parameter_is_given_twice(
    route: tuple[FastAPI, APIRoute, str],
) -> None:
    parameters = QueryParameters.of(route[1].dependant)

    for name in set(parameters.names) - parameters.repeatable:
        answer = ask(route, filled(route[1].path_format), params=[(name, "1"), (name, "1")])

        assert (answer.status, answer.code) == (400, "repeated_parameter"), name


def test_some_parameters_may_repeat_and_most_may_not() -> None:
    (usage,) = (one for one in API if names([one]) == ["GET /usage"])

    parameters = QueryParameters.of(usage[1].dependant)

    assert {"model", "device", "ok", "extra"} <= parameters.repeatable
    assert {"bucket", "from", "minutes", "runs"} <= set(parameters.names) - parameters.repeatable


@pytest.mark.exhaustive
@pytest.mark.parametrize("route", ROUTES, ids=names(ROUTES))
def test_browsers_and_caches_are_kept_careful(
    settings_env: dict[str, str], route: tuple[FastAPI, APIRoute, str]
) -> None:
    answer = ask(route, filled(route[1].path_format))

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["x-request-id"]
    public = isinstance(route[1], PageRoute) and answer.status == 200
    assert public or answer.headers["cache-control"] == "no-store"


def test_pages_take_whatever_stands_in_their_query(settings_env: dict[str, str]) -> None:
    pages = [one for one in ROUTES if isinstance(one[1], PageRoute)]

    statuses = {
        ask(page, filled(page[1].path_format), params={"utm": "x"}).status for page in pages
    }

    assert {page[1].path_format for page in pages} == {
        "/",
        "/assets/site.json",
        "/assets/{name}",
        "/docs",
        "/docs/{name}",
        "/openapi.json",
    }
    assert 400 not in statuses
