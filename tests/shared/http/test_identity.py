"""Nobody gets in without a live credential of exactly the right kind."""

from typing import Any

import pytest

from tests.conftest import Api
from tests.kit.gateway import ApiClient

ADA = {"kind": "user", "user_id": "ada", "tenant": "ada", "admin": "false", "token_id": "t"}


@pytest.mark.parametrize(
    "context",
    [{}, {"kind": "device", "serial": "p"}, {**ADA, "kind": "api_key"}, {"user_id": "ada"}],
)
@pytest.mark.parametrize("body", [b"{", b'{"name": "x"}'])
def test_401_before_anything_is_read_when_caller_is_nobody(
    things: ApiClient, context: dict[str, str], body: bytes
) -> None:
    things.context = context

    answer = things.post("/things", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')
    assert answer.headers["content-type"] == "application/json"


def test_401_when_the_gateway_had_no_authorizer(things: ApiClient) -> None:
    def without_authorizer(event: dict[str, Any], context: Any) -> dict[str, Any]:
        del event["requestContext"]["authorizer"]
        return handler(event, context)

    handler, things.handler = things.handler, without_authorizer

    assert things.get("/things/x").status == 401


def test_device_is_known_by_its_serial(things: ApiClient) -> None:
    things.context = {"kind": "device", "serial": "phone-1"}

    assert things.get("/device").json() == {"serial": "phone-1"}


def test_401_when_a_user_calls_a_devices_route(things: ApiClient) -> None:
    assert things.get("/device").status == 401


@pytest.mark.parametrize(("admin", "status"), [("true", 200), ("false", 403), ("True", 403)])
def test_admin_is_who_the_authorizer_says(things: ApiClient, admin: str, status: int) -> None:
    things.context = {**ADA, "admin": admin}

    assert things.get("/admin").status == status


def test_headers_give_no_rights(things: ApiClient, api: Api) -> None:
    things.context = {}
    headers = {"X-User-Token": "eyt_x", "X-User-Id": "ada", "X-Amzn-Authorizer": "ada"}

    assert things.get("/things/x", headers=headers).status == 401
