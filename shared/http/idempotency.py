"""`Idempotency-Key` for routes of FastAPI: `creates` marks those that honour it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from shared import clock, ids
from shared.aws import Item
from shared.errors import DependencyFailed
from shared.idempotency import (
    HEADER,
    REPLAYED,
    IdempotencyStore,
    check_key,
    fingerprint,
    is_kept,
    record_key,
)
from shared.observability import logger

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Repeatable(msgspec.Struct, frozen=True):
    """What makes the ids of a call the same when it is carried out again.

    Without an Idempotency-Key every call is its own: `key` is None.
    """

    key: str | None
    started_us: int

    def ulid(self, *parts: str) -> str:
        """An id that the same call (by its key) always gets again."""
        if self.key is None:
            return ids.ulid(self.started_us)
        return ids.repeatable_ulid(self.started_us, self.key, *parts)


def creates(*, secrets: tuple[str, ...] = ()) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint as one that honours Idempotency-Key.

    `secrets` names top-level members of its answer that a replay leaves out.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__creates__ = secrets  # type: ignore[attr-defined]  # Functions take attributes; this one is read back in this module only.
        return endpoint

    return mark


def is_creating(endpoint: Callable[..., Any]) -> bool:
    """Whether an endpoint was marked with `creates`."""
    return hasattr(endpoint, "__creates__")


async def answer_once(
    request: Request, route: APIRoute, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Carry a creating call out, or replay what it answered before."""
    key = request.headers.get(HEADER)
    if key is None:
        request.state.repeatable = Repeatable(None, clock.now_us())
        return await answer(request)
    check_key(key)
    store: IdempotencyStore = request.app.state.idempotency()
    caller, place = request.state.caller, (request.method, request.url.path)
    pk = record_key(caller.name, *place, key)
    said = fingerprint(*place, str(request.url.query), await request.body())
    record = store.begin(pk, said, getattr(caller, "user_id", None))
    if record["state"] == "done":
        return _replay(store.answer(record))
    request.state.repeatable = Repeatable(pk, record["started_us"])
    return await _carry_out(store, record, request, route, answer)


async def _carry_out(
    store: IdempotencyStore,
    record: Item,
    request: Request,
    route: APIRoute,
    answer: Callable[[Request], Awaitable[Response]],
) -> Response:
    response = await answer(request)
    try:
        if is_kept(response.status_code):
            store.finish(record, _kept(response, route.endpoint.__creates__))  # type: ignore[attr-defined]  # Set by `creates`.
        else:
            store.release(record)
    except DependencyFailed:
        # What was done is done, and its answer may hold a secret that cannot be given again.
        logger().warning("answer_not_kept", status=response.status_code)
    return response


def _kept(response: Response, secrets: tuple[str, ...]) -> Item:
    body = bytes(response.body)
    if secrets and response.status_code < 300:
        document = msgspec.json.decode(body)
        body = msgspec.json.encode({k: v for k, v in document.items() if k not in secrets})
    kept = {"content-type", "location"}
    headers = {name: value for name, value in response.headers.items() if name in kept}
    return {"status": response.status_code, "body": body, "headers": headers}


def _replay(answer: Item) -> Response:
    headers = {**answer["headers"], **REPLAYED}
    return Response(answer["body"], answer["status"], headers=headers)


# A coroutine, because FastAPI hands a plain function to a thread.
async def _repeatable(request: Request) -> Repeatable:
    repeatable = request.state.repeatable
    assert isinstance(repeatable, Repeatable)
    return repeatable


RepeatableCall = Annotated[Repeatable, Depends(_repeatable)]
