"""A function that streams, called as others are: an event in, an answer of Lambda out."""

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.lambda_stream.runtime_api import RuntimeApi
from shared.lambda_stream.serving import Handler, serve_one
from tests.kit.runtime_api import LocalRuntimeApi

SEPARATOR = b"\x00" * 8


async def streamed(handler: Handler, event: dict[str, Any]) -> LocalRuntimeApi:
    """One call of the handler, by a Runtime API that keeps what was answered."""
    async with LocalRuntimeApi(json.dumps(event).encode()) as runtime:
        api = RuntimeApi(runtime.address)
        await serve_one(api, handler, await api.next())
    return runtime


def whole(handler: Handler, event: dict[str, Any]) -> dict[str, Any]:
    """The answer to an event of an HTTP API, as if it had not been streamed."""
    http = event["requestContext"]["http"]
    proxied = {"httpMethod": http["method"], "path": event["rawPath"], "body": event.get("body")}
    kept = {name: event[name] for name in ("headers", "isBase64Encoded")}
    # In a thread: the loop of this one is Mangum's, which makes another where it is taken away.
    with ThreadPoolExecutor(1) as thread:
        heard = thread.submit(asyncio.run, streamed(handler, proxied | kept)).result()
    assert not heard.errors, heard.errors
    prelude, _, body = heard.body.partition(SEPARATOR)
    answer: dict[str, Any] = json.loads(prelude)
    encoded = base64.b64encode(body).decode()
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return {**answer, "headers": headers, "body": encoded, "isBase64Encoded": True}
