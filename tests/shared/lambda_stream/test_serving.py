"""Calls are served by the Runtime API as a streaming runtime must."""

import asyncio
import base64
import json
from typing import Any

import pytest

from shared.lambda_stream import ClientGone, StreamedAnswer
from shared.lambda_stream.runtime_api import RuntimeApi, RuntimeApiError
from shared.lambda_stream.serving import Handler, serve_one
from tests.kit.loops import finish
from tests.kit.runtime_api import LocalRuntimeApi

SEPARATOR = b"\x00" * 8


def run(handler: Handler, runtime: LocalRuntimeApi) -> LocalRuntimeApi:
    """One call of the handler."""

    async def all_of_it() -> None:
        async with runtime:
            api = RuntimeApi(runtime.address)
            await serve_one(api, handler, await api.next())

    finish(all_of_it(), 20)
    return runtime


async def two_pieces(event: dict[str, Any], answer: StreamedAnswer) -> None:
    await answer.begin(200, {"X-Name": event["name"]})
    await answer.write(b"one")
    await answer.write(b"two")


def test_status_and_headers_go_before_the_body_when_an_answer_is_streamed() -> None:
    heard = run(two_pieces, LocalRuntimeApi(b'{"name": "ada"}'))

    prelude, _, body = heard.body.partition(SEPARATOR)
    assert json.loads(prelude) == {"statusCode": 200, "headers": {"X-Name": "ada"}}
    assert body == b"onetwo"
    assert heard.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert heard.headers["content-type"] == "application/vnd.awslambda.http-integration-response"
    assert heard.trailers == {}


def test_each_piece_leaves_at_once_when_it_is_written() -> None:
    runtime = LocalRuntimeApi()
    seen: list[int] = []

    async def handler(_: dict[str, Any], answer: StreamedAnswer) -> None:
        await answer.begin(200, {})
        for piece in (b"one", b"two", b"three"):
            runtime.came.clear()
            await answer.write(piece)
            await runtime.came.wait()
            seen.append(len(runtime.pieces))

    run(handler, runtime)

    assert seen == sorted(set(seen))
    assert len(seen) == 3


def test_trailers_say_so_when_the_handler_fails_in_the_middle() -> None:
    async def handler(_: dict[str, Any], answer: StreamedAnswer) -> None:
        await answer.begin(200, {})
        await answer.write(b"half")
        raise KeyError("secret")

    heard = run(handler, LocalRuntimeApi())

    assert heard.body.endswith(SEPARATOR + b"half")
    said = json.loads(base64.b64decode(heard.trailers["lambda-runtime-function-error-body"]))
    assert heard.trailers["lambda-runtime-function-error-type"] == "Function.KeyError"
    assert said == {"errorType": "KeyError", "errorMessage": "the answer was cut short"}


def test_call_ends_as_an_error_when_the_handler_fails_before_it_answers() -> None:
    async def handler(_: dict[str, Any], __: StreamedAnswer) -> None:
        raise KeyError("secret")

    heard = run(handler, LocalRuntimeApi())

    ((path, body),) = heard.errors
    assert path == "/2018-06-01/runtime/invocation/r-1/error"
    assert json.loads(body)["errorType"] == "KeyError"
    assert b"secret" not in body


def test_handler_learns_it_when_no_one_reads_any_more() -> None:
    gone: list[bool] = []

    async def handler(_: dict[str, Any], answer: StreamedAnswer) -> None:
        await answer.begin(200, {})
        await asyncio.wait_for(answer.gone.wait(), 10)
        gone.append(True)
        with pytest.raises(ClientGone):
            await answer.write(b"more")
        raise ClientGone

    run(handler, LocalRuntimeApi(stops_reading=1))

    assert gone == [True]


def test_runtime_says_so_when_the_runtime_api_is_not_there() -> None:
    async def all_of_it() -> None:
        async with LocalRuntimeApi() as runtime:
            address = runtime.address
        await RuntimeApi(address).next()

    with pytest.raises(OSError, match=r".+") as caught:
        finish(all_of_it())

    assert isinstance(caught.value, ConnectionError | RuntimeApiError)
