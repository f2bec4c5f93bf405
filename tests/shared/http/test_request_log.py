"""What every answer has, whatever route gave it: sizes, headers, counts."""

import base64
import io
import json
from typing import Any

import pytest
from fastapi import APIRouter, Response
from hypothesis import given
from hypothesis import strategies as st

from shared import http
from shared.aws import side_by_side
from shared.errors import CallRefused
from shared.http.answers import (
    MAX_ANSWER_BYTES,
    answer_bytes,
    first_that_fit,
    fits_an_answer,
    most_answer_bytes,
    share_of_answer,
)
from shared.observability import logger
from tests.kit.counted import counted
from tests.kit.gateway import ApiClient, LambdaContext, http_event, read_answer


def large_router(made: list[Response]) -> APIRouter:
    """Routes that answer whatever stands in `made`."""
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/any")
    async def get_any() -> Response:
        return made[0]

    @router.get("/advised")
    @http.too_large_means("ask for a narrower window")
    async def get_advised() -> Response:
        return made[0]

    @router.get("/refused")
    async def get_refused() -> None:
        raise CallRefused("a service refused")

    return router


def served(path: str, *made: Response) -> dict[str, Any]:
    """The answer as the function gives it to Lambda."""
    app = http.create_app("Large", large_router(list(made)))
    return http.serve(app, http_event("GET", path), LambdaContext())


def json_bytes(answer: dict[str, Any]) -> int:
    """What the runtime sends, in the form that takes the most room."""
    return len(json.dumps(answer))


@pytest.mark.parametrize(
    ("kind", "character", "bytes_each"),
    [
        ("application/json", "x", 1),
        ("application/json", '"', 2),
        ("application/x-ndjson", "\\", 2),
        ("text/csv", "é", 6),
        ("text/plain", "\U0001f600", 12),
    ],
)
def test_413_that_says_what_to_do_when_an_answer_is_larger_than_lambda_passes_on(
    kind: str, character: str, bytes_each: int
) -> None:
    room = MAX_ANSWER_BYTES - 400
    fits = served("/advised", Response(character * (room // bytes_each), media_type=kind))
    passes = served("/advised", Response(character * (room // bytes_each + 500), media_type=kind))
    answer = read_answer(passes)

    assert fits["statusCode"] == 200
    assert MAX_ANSWER_BYTES - 1_000 < json_bytes(fits) <= MAX_ANSWER_BYTES
    assert (answer.status, answer.code) == (413, "answer_too_large")
    assert "ask for a narrower window" in answer.json()["detail"]
    assert answer.json()["limit_bytes"] == MAX_ANSWER_BYTES
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_413_says_to_ask_for_less_when_the_route_says_nothing() -> None:
    answer = read_answer(served("/any", Response("x" * 7_000_000, media_type="text/plain")))

    assert answer.code == "answer_too_large"
    assert "limit" in answer.json()["detail"]


def test_413_when_an_answer_in_base64_is_too_large() -> None:
    fits = served("/any", Response(b"\xff" * 4_710_000, media_type="application/octet-stream"))
    passes = served("/any", Response(b"\xff" * 4_720_000, media_type="application/octet-stream"))

    assert fits["isBase64Encoded"]
    assert json_bytes(fits) <= MAX_ANSWER_BYTES
    assert passes["statusCode"] == 413


@given(
    body=st.text() | st.binary(),
    kind=st.sampled_from(["application/json", "text/csv; charset=utf-8", "image/png"]),
)
def test_an_answer_is_measured_as_it_is_sent(body: str | bytes, kind: str) -> None:
    response = Response(body, media_type=kind, headers={"X-Name": 'a "b" \\'})

    sent = served("/any", response)
    headers = [(name.encode(), text.encode()) for name, text in sent["headers"].items()]
    raw = bytes(response.body)

    assert json_bytes(sent) <= answer_bytes(headers, raw) <= json_bytes(sent) + 40


@given(
    body=st.text('\x00"\\ü€😀\x7f') | st.binary(),
    said=st.lists(st.tuples(st.sampled_from([b"content-type", b"x"]), st.binary())),
)
def test_an_answer_is_never_larger_than_is_said_without_looking(
    body: str | bytes, said: list[tuple[bytes, bytes]]
) -> None:
    raw = body.encode() if isinstance(body, str) else body
    headers = [*said, (b"content-type", b"application/json")]

    assert answer_bytes(headers, raw) <= most_answer_bytes(headers, raw)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_ends_where_an_answer_has_no_room(count: int) -> None:
    entry = {"name": '"' * 450_000}

    assert first_that_fit([entry] * count) == count
    assert first_that_fit([entry] * 10) == 3
    assert first_that_fit([{"name": "x" * 7_000_000}]) == 1


def test_the_share_of_an_answer_tells_whether_it_fits() -> None:
    assert share_of_answer(b"x" * 3_137_000) == pytest.approx(0.5, abs=0.001)
    assert share_of_answer(b"\xff" * 2_353_000, binary=True) == pytest.approx(0.5, abs=0.001)
    assert not fits_an_answer(b'"' * 3_200_000)
    assert not fits_an_answer(base64.b64encode(b"x" * 4_720_000))


def test_a_route_may_say_what_caches_do(things: ApiClient) -> None:
    said = Response("x", media_type="text/plain", headers={"Cache-Control": "public, max-age=60"})

    kept = read_answer(served("/any", said))
    others = things.get("/admin")

    assert kept.headers["cache-control"] == "public, max-age=60"
    assert others.headers["cache-control"] == "no-store"
    assert kept.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "code", "metric"),
    [("/broken", "internal", "ServerErrors"), ("/away", "unavailable", "AnswersUnavailable")],
)
def test_each_5xx_is_counted_and_logged_with_its_route_and_code(
    things: ApiClient,
    path: str,
    code: str,
    metric: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    things.get(path)

    told = vars(caplog.records[-1])
    assert (told["message"], told["route"], told["code"]) == ("request_served", path, code)
    assert [(name, n) for (name, _), n in counted(capsys).items()] == [(metric, 1)]


def test_nothing_is_counted_when_the_caller_is_at_fault(
    things: ApiClient, capsys: pytest.CaptureFixture[str]
) -> None:
    things.get("/things/x")
    things.get("/nowhere")

    assert counted(capsys) == {}


def test_500_without_a_time_to_come_again_when_a_service_refuses_what_we_ask() -> None:
    answer = read_answer(served("/refused"))

    assert (answer.status, answer.code) == (500, "internal")
    assert "retry-after" not in answer.headers


def test_request_id_is_in_every_log_line_when_it_was_written_inside_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(logger().registered_handler, "stream", written)
    router = APIRouter(route_class=http.OpenRoute)

    @router.get("/noted")
    async def get_noted() -> Response:
        list(side_by_side(lambda name: logger().info(name), ["noted_in_a_thread"]))
        logger().info("noted_in_the_route")
        raise ValueError("unforeseen")

    answer = http.serve(
        http.create_app("Noted", router), http_event("GET", "/noted"), LambdaContext()
    )
    logger().info("noted_after_the_request")

    lines = map(json.loads, written.getvalue().splitlines())
    carried = {line["message"]: line.get("request_id") for line in lines}
    asked_by = answer["headers"]["x-request-id"]
    assert carried.pop("noted_after_the_request") is None
    assert carried == dict.fromkeys(
        ["noted_in_a_thread", "noted_in_the_route", "request_failed", "request_served"], asked_by
    )
