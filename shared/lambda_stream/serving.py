"""The loop of a function: one call after the other, each on the same event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from shared.lambda_stream.answer import ClientGone, StreamedAnswer
from shared.lambda_stream.runtime_api import Invocation, RuntimeApi
from shared.observability import logger

Handler = Callable[[dict[str, Any], StreamedAnswer], Awaitable[None]]


async def serve(api: RuntimeApi, handler: Handler) -> None:
    """Serve calls until the Runtime API goes away, which ends the process.

    Raises RuntimeApiError.
    """
    while True:
        await serve_one(api, handler, await api.next())


async def serve_one(api: RuntimeApi, handler: Handler, invocation: Invocation) -> None:
    """Answer one call. What the handler raises ends it as an error, and nothing else."""
    answer = StreamedAnswer(api, invocation.request_id)
    logger().append_keys(function_request_id=invocation.request_id)
    watch = asyncio.create_task(answer.notice_leaving())
    try:
        await handler(msgspec.json.decode(invocation.event), answer)
    except ClientGone:
        logger().info("client_gone")
        await answer.end()
    except Exception as exc:  # The last resort: the next call must be served.
        logger().exception("call_failed")
        await _failed(api, invocation, answer, exc)
    else:
        await answer.end()
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _failed(
    api: RuntimeApi, invocation: Invocation, answer: StreamedAnswer, error: Exception
) -> None:
    if answer.begun:
        await answer.end(error)
    else:
        await api.fail(invocation.request_id, type(error).__name__, "the function failed")
