"""The LLM gateway: a prompt in, the answer of a model on a device out, while it is written.

Answered by Lambda's response streaming (`shared.lambda_stream`), one call a process at a time. Each
call is one run, written before the stream's end; what a process that died left behind is settled
by `maintain_gateway`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from functions.gateway import native, ollama, openai, several, wiring
from functions.gateway.callers import caller_of
from functions.gateway.refusals import answer_preflight, refuse, refuse_method
from functions.gateway.requests import Request, read_request
from shared import ids
from shared.errors import EvalyardError, NotFound
from shared.gateway import ApiCaller, ListenerGone
from shared.lambda_stream import ClientGone, StreamedAnswer
from shared.observability import count, logger

Endpoint = Callable[[Request, ApiCaller, str, StreamedAnswer], Awaitable[None]]

_CANCEL: Final = "/ask/{request_id}/cancel"
_ENDPOINTS: Final[Mapping[str, Mapping[str, Endpoint]]] = {
    "/ask": {"POST": native.answer_ask},
    "/ask_stream": {"POST": native.stream_ask},
    "/ask_trace": {"POST": native.answer_ask},
    "/ask_batch": {"POST": several.answer_batch},
    "/warmup": {"POST": several.warm_up},
    _CANCEL: {"POST": native.cancel_ask},
    "/v1/chat/completions": {"POST": openai.answer_chat},
    "/v1/completions": {"POST": openai.answer_completion},
    "/v1/models": {"GET": openai.list_models},
    "/api/chat": {"POST": ollama.answer_chat},
    "/api/generate": {"POST": ollama.answer_generate},
    "/api/tags": {"GET": ollama.show},
    "/api/version": {"GET": ollama.show},
}


_IS_CANCEL: Final = re.compile(r"/ask/[^/]+/cancel")


async def prepare() -> None:
    """Connect to the broker while the function starts."""
    await wiring.calls().prepare()


async def lambda_handler(event: dict[str, Any], context: StreamedAnswer) -> None:
    """Answer one event of API Gateway. Raises ClientGone."""
    request = read_request(event, asyncio.get_running_loop().time())
    ask_id = ids.new_id("ask")
    logger().append_keys(request_id=ask_id)
    try:
        status = await _answered(request, ask_id, context)
    except ListenerGone as exc:
        raise ClientGone from exc
    logger().info("call_ended", path=request.path, status=status)


async def _answered(request: Request, ask_id: str, answer: StreamedAnswer) -> int:
    """Answer a request, whatever comes of it; the status."""
    try:
        methods = _methods(request.path)
        if request.method == "OPTIONS":
            return await answer_preflight(answer, sorted(methods))
        if request.method not in methods:
            return await refuse_method(answer, request, ask_id, sorted(methods))
        caller = await caller_of(request)
        request.check_parameters()
        await methods[request.method](request, caller, ask_id, answer)
    except EvalyardError as error:
        status = await refuse(answer, request, ask_id, error)
        if status >= 500:
            # The cause names the AWS call and its error code, which the caller must not see.
            logger().warning("call_not_answered", exc_info=error, code=error.error_code)
        if status == 500:
            count("ServerErrors")
        return status
    return 200


def _methods(path: str) -> Mapping[str, Endpoint]:
    """What is answered at a path, by method. Raises NotFound."""
    if path.startswith("/v1/models/"):
        path = "/v1/models"
    elif _IS_CANCEL.fullmatch(path):
        path = _CANCEL
    found = _ENDPOINTS.get(path)
    if found is None:
        raise NotFound(f"{path}: no such path", code="route_not_found")
    return found
