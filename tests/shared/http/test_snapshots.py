"""What happens around a snapshot: clients are made before it, randomness differs after it."""

import random

import snapshot_restore_py
from fastapi import APIRouter, Response

from shared.aws import clients
from shared.aws.clients import SERVICES
from shared.http import OpenRoute, create_app


def hooks(registry: list[object]) -> list[object]:
    """The functions that are registered, without arguments."""
    return [function for function, _, _ in registry]


async def nothing() -> Response:
    return Response()


def test_clients_are_there_when_the_snapshot_is_taken(aws: None) -> None:
    create_app("Any", APIRouter())
    clients._client.cache_clear()

    for function in hooks(snapshot_restore_py.get_before_snapshot())[-1:]:
        function()

    made = clients._client.cache_info()
    # S3 has a second one, whose calls are made once.
    assert made.currsize == len(SERVICES) + 1
    clients.client("dynamodb")
    assert clients._client.cache_info().misses == made.misses


def test_routes_are_there_when_the_snapshot_is_taken() -> None:
    router = APIRouter(route_class=OpenRoute)
    router.get("/")(nothing)
    app = create_app("Any", router)

    for function, args, kwargs in snapshot_restore_py.get_before_snapshot()[-2:-1]:
        function(*args, **kwargs)

    assert all("app" in route.__dict__ for route in app.routes)


def test_each_life_has_its_own_randomness_after_the_snapshot() -> None:
    create_app("Any", APIRouter())
    random.seed(1)
    without = random.random()
    random.seed(1)

    for function in hooks(snapshot_restore_py.get_after_restore())[-1:]:
        function()

    assert random.random() != without
