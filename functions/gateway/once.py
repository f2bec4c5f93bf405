"""`Idempotency-Key` of `/ask`: a call that is repeated after a lost answer is carried out once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from functions.gateway import wiring
from functions.gateway.refusals import headers_of
from functions.gateway.requests import Request
from shared.aws import Item
from shared.errors import DependencyFailed, EvalyardError
from shared.gateway import Ask
from shared.idempotency import (
    REPLAYED,
    IdempotencyStore,
    check_key,
    fingerprint,
    is_kept,
    record_key,
)
from shared.observability import logger
from shared.problem_documents import PROBLEM_TYPE, problem_body, status_of

# Until what a call may have to say is said and stored.
_GRACE_S: Final = 60
# What else than the body says what is asked for.
_ALSO_SAYS: Final = ("x-evalyard-device", "x-evalyard-tag")


@dataclass(frozen=True)
class Kept:
    """An answer as it is sent, and as it is sent again. `stands` is not so for what a cancel cut
    short: that is not sent again.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    stands: bool = True


async def carry_out_once(
    key: str, ask: Ask, request: Request, answered: Callable[[], Awaitable[Kept]]
) -> Kept:
    """The answer to a call, or what was answered to the first call with this key. Raises
    EvalyardError, among them Conflict while a first call is under way.
    """
    check_key(key)
    store = wiring.idempotency()
    record = await asyncio.to_thread(_begin, store, key, ask, request)
    if record["state"] == "done":
        first = await asyncio.to_thread(store.answer, record)
        return Kept(first["status"], {**first["headers"], **REPLAYED}, bytes(first["body"]))
    try:
        kept = await answered()
    except EvalyardError as error:
        await _end(store, record, _refused(error, ask.ask_id))
        raise
    except BaseException:
        await _end(store, record, None)
        raise
    await _end(store, record, kept if kept.stands else None)
    return kept


def _begin(store: IdempotencyStore, key: str, ask: Ask, request: Request) -> Item:
    """The record of the call, locked for as long as it may take."""
    user_id = ask.caller.user_id
    pk = record_key(user_id, request.method, request.path, key)
    also = "\x00".join(request.headers.get(name, "") for name in _ALSO_SAYS)
    said = fingerprint(request.method, request.path, also, request.raw)
    lasts_s = round(ask.max_wait_s + ask.timeout_s) + _GRACE_S
    return store.begin(pk, said, user_id, lock_s=lasts_s)


def _refused(error: EvalyardError, ask_id: str) -> Kept | None:
    """What is kept of a refusal: nothing where it may be otherwise in a moment."""
    status = status_of(error)
    if not is_kept(status):
        return None
    headers = headers_of(ask_id, PROBLEM_TYPE, error)
    return Kept(status, headers, problem_body(error, ask_id))


async def _end(store: IdempotencyStore, record: Item, kept: Kept | None) -> None:
    """Keep the answer; without one the next call with this key may try again."""
    try:
        if kept is None:
            await asyncio.to_thread(store.release, record)
        else:
            answer = {"status": kept.status, "headers": kept.headers, "body": kept.body}
            await asyncio.to_thread(store.finish, record, answer)
    except DependencyFailed:
        # What was asked is answered all the same.
        logger().warning("answer_not_kept", key_of=record["pk"].rpartition("#")[0])
