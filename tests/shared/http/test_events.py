"""An event becomes a request, and its answer what a function gives back; no event loop runs."""

import asyncio
import base64
import json
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query, Response
from mangum import Mangum

from shared import http
from shared.http.answers import TEXT_TYPES
from shared.http.events import HttpEvent, Waits, ran_through
from tests.kit.gateway import LambdaContext, http_event

_said: ContextVar[str] = ContextVar("said", default="nothing")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An app that answers what it was sent."""
    kept = {name: repr(scope[name]) for name in ("method", "path", "query_string", "headers")}
    body = json.dumps([kept, repr(await receive())]).encode()
    headers = [(b"content-type", scope["query_string"]), (b"set-cookie", b"a"), (b"x", b"1")]
    headers += [(b"set-cookie", b"b"), (b"x", b"2")]
    await send({"type": "http.response.start", "status": 207, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def through(event: dict[str, Any]) -> dict[str, Any]:
    """What our way makes of an event with `echo`."""
    request, messages = HttpEvent(event, LambdaContext()), []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    ran_through(echo(request.scope, request.receive, send))
    start, body = messages
    return request.answered(start["status"], start["headers"], body["body"])


@pytest.mark.parametrize("kind", ["application/json", "text/csv", "image/png", "application/x-y"])
@pytest.mark.parametrize("content", [None, "ü{}", b"\xff\x00", "x" * 100_000])
def test_a_request_and_its_answer_are_mangums(kind: str, content: str | bytes | None) -> None:
    headers = {"content-type": "text/plain", "X-Name": "b"}
    event = http_event("POST", "/a%20b", params={"k": kind}, content=content, headers=headers)
    event["rawQueryString"], event["cookies"] = kind, ["c=1", "d=2"]

    expected = Mangum(echo, lifespan="off", text_mime_types=TEXT_TYPES)(event, LambdaContext())

    assert through(event) == expected
    assert expected["isBase64Encoded"] == (kind not in ("application/json", "text/csv"))


def test_a_body_is_whole_when_it_came_in_base64() -> None:
    event = http_event("POST", "/", content=b"\x1f\x8b", headers={"content-encoding": "gzip"})
    assert base64.b64decode(event["body"]) == b"\x1f\x8b"

    assert ran_through(HttpEvent(event, LambdaContext()).receive())["body"] == b"\x1f\x8b"


def test_what_is_set_in_the_context_stays_in_its_request() -> None:
    async def say() -> str:
        _said.set("something")
        return _said.get()

    assert ran_through(say()) == "something"
    assert _said.get() == "nothing"


def test_one_that_waits_hears_so_where_it_waits() -> None:
    async def wait() -> str:
        try:
            await asyncio.sleep(0)
        except Waits:
            return "heard"
        return "waited"

    async def wait_again_and_again() -> None:
        while True:
            try:
                await asyncio.sleep(0)
            except Waits:
                continue

    assert ran_through(wait()) == "heard"
    with pytest.raises(Waits):
        ran_through(wait_again_and_again())


def test_500_when_what_ends_a_process_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/dies")
    async def die(ways: Annotated[str, Query()] = "both") -> Response:
        raise SystemExit

    app = http.create_app("Dies", router)
    paths = ("/dies", "/dies?ways=one")
    answers = [http.serve(app, http_event("GET", path), LambdaContext()) for path in paths]

    assert [answer["statusCode"] for answer in answers] == [500, 500]
    assert [each.message for each in caplog.records] == ["request_died"] * 2


def test_500_that_is_logged_when_an_endpoint_waits(caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/waits")
    async def wait(ways: Annotated[str, Query()] = "both") -> Response:
        await asyncio.sleep(0)
        return Response("waited")

    app = http.create_app("Waits", router)
    paths = ("/waits", "/waits?ways=one")
    answers = [http.serve(app, http_event("GET", path), LambdaContext()) for path in paths]

    assert {answer["statusCode"] for answer in answers} == {500}
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [Waits, Waits]
