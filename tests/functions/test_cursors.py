"""Every list of the API refuses a cursor that somebody edited, and says what to do."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard
from tools.build_openapi import endpoint_groups

EDITS = [5, True, None, [], {}, 1e308, -1, 2**70, "", "x", "~", "\x00", "x" * 3_000, ["a"] * 6]


def two_datasets(yard: Yard) -> ApiClient:
    client = yard.api("datasets", user="ada")
    for name in ("d", "e"):
        body = {"dataset": name, "rows": [{"n": 1}, {"n": 2}]}
        assert client.post("/user/data/append_jsonl", json=body).status == 200
    return client


def two_jobs(yard: Yard) -> ApiClient:
    yard.submit()
    yard.submit()
    return yard.user()


def two_dead_jobs(yard: Yard) -> ApiClient:
    for _ in range(2):
        job_id = str(yard.submit()["job_id"])
        yard.fail(job_id, yard.claim(job_id), code="model_not_found", retryable=False)
    return yard.user()


def two_devices(yard: Yard) -> ApiClient:
    yard.register("dev-2")
    return yard.api("devices", user="ada")


def two_users(yard: Yard) -> ApiClient:
    client = yard.api("accounts", user="root", admin=True)
    for name in ("ada", "bob"):
        client.post("/accounts/users", json={"user_id": name})
    return client


def two_tokens(yard: Yard) -> ApiClient:
    two_users(yard)
    client = yard.api("accounts", user="ada")
    client.post("/accounts/tokens", json={"kind": "user"})
    return client


def two_baselines(yard: Yard) -> ApiClient:
    client = yard.api("usage", user="ada")
    client.post("/usage/import", json=[{"ts": 1764784800, "latency_ms": 5, "model": "m"}])
    body = {"window": {"from": "2025-12-03", "to": "2025-12-04"}, "reason": "first"}
    for name in ("main", "next"):
        assert client.request("PUT", f"/usage/baselines/{name}", json=body).status == 201
    return client


# The path of each list, what it needs to be asked, and who fills and asks it.
LISTS: dict[str, tuple[dict[str, Any], Callable[[Yard], ApiClient]]] = {
    "/user/data/list": ({}, two_datasets),
    "/user/data/get": ({"dataset": "d"}, two_datasets),
    "/api/jobs": ({}, two_jobs),
    "/jobs/dlq": ({}, two_dead_jobs),
    "/devices": ({}, two_devices),
    "/accounts/users": ({}, two_users),
    "/accounts/tokens": ({}, two_tokens),
    "/accounts/audit": ({}, two_users),
    "/usage/baselines": ({}, two_baselines),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", LISTS)
def test_400_when_the_position_in_a_cursor_was_edited(yard: Yard, path: str) -> None:
    params, filled = LISTS[path]
    client = filled(yard)
    cursor = client.get(path, params={**params, "limit": 1}).json()["next_cursor"]

    answers = [
        client.get(path, params={**params, "limit": 1, "cursor": edited(cursor, edit)})
        for edit in EDITS
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(400, "cursor_mismatch")}
    assert "start again without a cursor" in answers[0].json()["detail"]
    assert client.get(path, params={**params, "limit": 1, "cursor": cursor}).status == 200


def test_every_list_with_a_cursor_is_tried_here() -> None:
    paths = {
        route.path_format
        for app in endpoint_groups()
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
        and "cursor" in query_names(route.dependant)
    }

    assert paths == set(LISTS)


def query_names(dependant: Any) -> set[str]:
    below = (query_names(one) for one in dependant.dependencies)
    return {one.alias for one in dependant.query_params}.union(*below)


def edited(cursor: str, position: Any) -> str:
    body = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    again = msgspec.json.encode([body[0], position])
    return base64.urlsafe_b64encode(again).rstrip(b"=").decode()
