"""A small endpoint group that uses everything of the edge."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query
from pydantic import Field, field_validator

from shared import http
from shared.aws import Table
from shared.errors import NotFound, TooManyRequests, Unavailable
from shared.idempotency import IdempotencyStore
from tests.conftest import Api
from tests.kit.gateway import ApiClient


class ThingBody(http.Body):
    """A body with one of each kind of constraint."""

    name: str = Field(max_length=5)
    size: int = 0
    kind: Annotated[str, Field(pattern="^(big|small)$")] = "big"
    mark: Annotated[str, Field(max_length=3)] | Annotated[int, Field(ge=0)] | None = None
    figures: dict[str, float] = Field(default_factory=dict)
    parts: list["PartBody"] = Field(default_factory=list)


class PartBody(http.StrictBody):
    """A body in a body, where each member means something."""

    place: str

    @field_validator("place")
    @classmethod
    def _is_somewhere(cls, value: str) -> str:
        if not value:
            raise ValueError("a part is somewhere")
        return value


class Calls:
    """Counts how often endpoints were carried out, and holds what the next one shall do."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.failure: Exception | None = None

    def carry_out(self, what: str) -> None:
        """Note a call, or fail as told."""
        self.made.append(what)
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure


def things_router(calls: Calls) -> APIRouter:
    """Routes that reach into every corner of the edge."""
    router = APIRouter(route_class=http.UserRoute)

    @router.post("/things", status_code=201)
    @http.creates(secrets=("secret",))
    async def post_thing(
        body: ThingBody, user: http.CurrentUser, call: http.RepeatableCall
    ) -> dict[str, Any]:
        calls.carry_out(call.ulid("thing"))
        return {"id": call.ulid("thing"), "name": body.name, "secret": "s3cret"}

    @router.get("/things/{name}")
    async def get_thing(name: str, limit: http.PageLimit = 50) -> dict[str, Any]:
        calls.carry_out(name)
        raise NotFound("there is no such thing", code="thing_not_found", name=name)

    @router.get("/admin")
    async def get_admin(admin: http.CurrentAdmin) -> dict[str, Any]:
        return {"name": admin.name}

    @router.get("/busy")
    async def get_busy() -> None:
        raise TooManyRequests("not so fast", retry_after_s=7)

    @router.get("/away")
    async def get_away() -> None:
        raise Unavailable("gone fishing")

    @router.get("/broken")
    async def get_broken(flag: Annotated[bool, Query()] = False) -> None:
        raise RuntimeError("secret-bucket-name in a message")

    return router


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def things(api: Api, tables: dict[str, Table], calls: Calls) -> ApiClient:
    store = IdempotencyStore(tables["IdempotencyTable"])
    device_routes = APIRouter(route_class=http.DeviceRoute)

    @device_routes.get("/device")
    async def get_device(device: http.CurrentDevice) -> dict[str, Any]:
        return {"serial": device.serial}

    app = http.create_app("Things", things_router(calls), device_routes, idempotency=lambda: store)
    return api(lambda event, context: http.serve(app, event, context), user="ada")
