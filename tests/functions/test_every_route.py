"""What holds for every route of every endpoint group."""

import re
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from shared.http import serve
from shared.http.routes import OpenRoute
from tests.conftest import Api
from tests.kit.gateway import ApiClient
from tools.build_openapi import endpoint_groups

OPEN = {"/", "/assets/{name}", "/assets/site.json", "/ping", "/health"}
OPEN |= {"/docs", "/docs/{name}", "/openapi.json"}
ADA = {"user_id": "ada", "tenant": "ada", "admin": "true", "token_id": "tok_test"}
CREDENTIALS: dict[str, dict[str, str]] = {
    "user": {"kind": "user", **ADA},
    "api_key": {"kind": "api_key", **ADA},
    "device": {"kind": "device", "serial": "x"},
}


def routes() -> list[tuple[FastAPI, APIRoute, str]]:
    return [
        (app, context.original_route, method)
        for app in endpoint_groups()
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted(context.original_route.methods)
    ]


ROUTES = routes()
GUARDED = [one for one in ROUTES if one[1].path_format not in OPEN]


def names(found: list[tuple[FastAPI, APIRoute, str]]) -> list[str]:
    return [f"{method} {route.path_format}" for _, route, method in found]


def ask(
    app: FastAPI, route: APIRoute, method: str, context: dict[str, str] | None, body: bytes = b"{"
) -> Any:
    path = re.sub(r"\{[^}]+\}", "x", route.path_format)
    headers = {"content-type": "application/json"}
    content = body if method in ("POST", "PUT", "PATCH") else None
    client = ApiClient(partial(serve, app), context)
    return client.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize(("app", "route", "method"), GUARDED, ids=names(GUARDED))
def test_401_before_anything_is_read_when_caller_is_nobody(
    app: FastAPI, route: APIRoute, method: str
) -> None:
    for nobody in (None, {}, {"kind": "nobody"}):
        answer = ask(app, route, method, nobody)

        assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')


@pytest.mark.parametrize(("app", "route", "method"), GUARDED, ids=names(GUARDED))
def test_401_when_credential_is_of_another_kind(app: FastAPI, route: APIRoute, method: str) -> None:
    assert isinstance(route, OpenRoute)
    taken = (route.credential, *route.also_taken)
    others = [context for kind, context in CREDENTIALS.items() if kind not in taken]

    assert {ask(app, route, method, context).status for context in others} == {401}


def test_only_these_paths_are_open() -> None:
    assert {
        route.path_format for _, route, _ in ROUTES if not getattr(route, "credential", None)
    } == OPEN


POSTS = [one for one in GUARDED if one[2] == "POST" and one[1].body_field]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("app", "route", "method"), POSTS, ids=names(POSTS))
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b'{"a": NaN}', 400, "malformed_json"),
        (b"[" * 50_000, 400, "malformed_json"),
        (b"\xff", 400, "invalid_utf8"),
        (b'{"a": "\xe9"}', 400, "invalid_utf8"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 422, "duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', 422, "duplicate_key"),
        (b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}", 422, "too_deep"),
        (b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422, "too_deep"),
    ],
    ids=range(9),
)
def test_body_is_refused_when_it_is_not_the_json_that_is_read(
    settings_env: dict[str, str],
    app: FastAPI,
    route: APIRoute,
    method: str,
    body: bytes,
    status: int,
    code: str,
) -> None:
    assert isinstance(route, OpenRoute)
    assert route.credential

    answer = ask(app, route, method, CREDENTIALS[route.credential], body)

    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(("app", "route", "method"), POSTS, ids=names(POSTS))
def test_body_that_is_no_object_is_refused(
    api: Api, app: FastAPI, route: APIRoute, method: str
) -> None:
    assert isinstance(route, OpenRoute)
    assert route.credential

    for body in (b"[]", b'"text"', b"1", b"null"):
        answer = ask(app, route, method, CREDENTIALS[route.credential], body)

        # Where a body may be left out, `null` is one that was.
        left_out = (200, 201, 404) if body == b"null" and not requires_body(route) else ()
        assert answer.status in (400, 422, *left_out), answer.text


def requires_body(route: APIRoute) -> bool:
    """Whether the route says that a body must come."""
    field = route.body_field
    return field is None or field.field_info.is_required()
