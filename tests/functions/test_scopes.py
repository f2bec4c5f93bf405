"""Every operation of the OpenAPI document under every scope of a token.

An unknown parameter is refused right after the scope is looked at, and before anything else: so
each call shows by its answer whether the scope let it in.
"""

import json
import re
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI

from shared.http import serve
from tests.functions.test_every_route import ADA, ROUTES
from tests.kit.described import DOCUMENT
from tests.kit.gateway import ApiClient, ApiResponse

# The least first.
SCOPES = ("metrics", "ingest", "read", "full")
PATHS = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
KINDS = {"UserToken": "user", "ApiKey": "api_key"}
APPS: dict[tuple[str, str], FastAPI] = {
    (method, route.path_format): app for app, route, method in ROUTES
}
ADMINS = {
    ("GET", "/accounts/audit"),
    ("GET", "/accounts/users"),
}


def kind_of(operation: dict[str, Any]) -> str | None:
    schemes = {name for each in operation.get("security", ()) for name in each}
    return next((KINDS[name] for name in sorted(schemes & KINDS.keys())), None)


OPERATIONS = [
    (method.upper(), path, kind)
    for path, methods in PATHS.items()
    for method, operation in methods.items()
    if (kind := kind_of(operation)) and (method.upper(), path) in APPS
]


def allowing(method: str, path: str) -> set[str]:
    """The scopes that the contract (section 2) lets make a call."""
    found = {"full"}
    if (method, path) == ("GET", "/accounts/me"):
        return set(SCOPES)
    if path.startswith("/metrics"):
        found |= {"metrics"}
    if (method, path) in (("POST", "/user/data/append_jsonl"), ("POST", "/usage/import")):
        found |= {"ingest"}
    if (method == "GET" and (method, path) not in ADMINS) or path == "/usage/gate":
        found |= {"read"}
    return found


def ask(method: str, path: str, kind: str, scope: str, query: str) -> ApiResponse:
    context = {"kind": kind, **ADA, "scope": scope}
    client = ApiClient(partial(serve, APPS[method, path]), context)
    filled = re.sub(r"\{[^}]+\}", "x", path)
    content = b"{" if method in ("POST", "PUT", "PATCH") else None
    headers = {"content-type": "application/json"}
    return client.request(method, f"{filled}?{query}", content=content, headers=headers)


@pytest.mark.parametrize(
    ("method", "path", "kind"), OPERATIONS, ids=[f"{one[0]} {one[1]}" for one in OPERATIONS]
)
def test_call_is_let_in_when_the_scope_of_its_token_allows_it(
    settings_env: dict[str, str], method: str, path: str, kind: str
) -> None:
    allowed = allowing(method, path)
    for scope in SCOPES:
        answer = ask(method, path, kind, scope, "no_such_parameter=1")

        if scope in allowed:
            assert (answer.status, answer.code) == (400, "unknown_parameter"), scope
        else:
            least = next(each for each in SCOPES if each in allowed)
            assert (answer.status, answer.code) == (403, "forbidden"), scope
            assert answer.json()["required_scope"] == least


TRIALS = [
    (method, path, kind, parameter["name"])
    for method, path, kind in OPERATIONS
    for parameter in PATHS[path][method.lower()].get("parameters", ())
    if parameter["name"] in ("dry_run", "preview")
]


@pytest.mark.parametrize(
    ("method", "path", "kind", "name"), TRIALS, ids=[f"{one[1]} {one[3]}" for one in TRIALS]
)
def test_trial_is_let_in_when_the_token_may_only_read(
    settings_env: dict[str, str], method: str, path: str, kind: str, name: str
) -> None:
    for value, status in (("1", 400), ("true", 400), ("0", 403), ("", 403), ("0&dry_run=1", 403)):
        answer = ask(method, path, kind, "read", f"{name}={value}&no_such_parameter=1")

        assert answer.status == status, value


def test_no_call_is_a_trial_when_its_route_knows_none(settings_env: dict[str, str]) -> None:
    answer = ask("POST", "/accounts/tokens", "user", "read", "dry_run=1")

    assert (answer.status, answer.json()["required_scope"]) == (403, "full")
