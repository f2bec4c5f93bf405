"""`/ask_batch` and `/warmup`: several calls as one. One that fails harms no other."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from functions.gateway import wiring
from functions.gateway.collecting import Collected
from functions.gateway.native import answer_document, ask_of, output_of, split_model, whole_answer
from functions.gateway.refusals import headers_of
from functions.gateway.requests import Request
from functions.gateway.schemas import AskBatchBody, WarmupBody, read_body
from shared import ids
from shared.errors import CallRefused, EvalyardError, Fault, TooManyRequests, Unacceptable
from shared.gateway import ApiCaller, Ask, ParallelLimit, QueueFull, WaitExceeded
from shared.isolation import kept_apart
from shared.lambda_stream import StreamedAnswer
from shared.problem_documents import problem_document, status_of

MOST_ITEMS: Final = 64
_WARMED_AT_ONCE: Final = 4
# An item waits for a seat that other calls of the user hold, or for room at a device, as long as
# the function may run, and looks again so often; where another item ends, there may be room at
# once. One that has waited for its turn gets in line again.
_WAITS_S: Final = 600.0
_LOOKS_EVERY_S: Final[Mapping[type[TooManyRequests], float]] = {
    ParallelLimit: 0.5,
    QueueFull: 5.0,
    WaitExceeded: 0.0,
}
_FULL: Final = (ParallelLimit, QueueFull)
_UNFORESEEN: Final = CallRefused("the service failed at this; repeating it does not help")
# Makes a model ready.
ONE_TOKEN: Final[dict[str, Any]] = {
    "messages": [{"role": "user", "content": "Hello"}],
    "max_tokens": 1,
}


async def answer_batch(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """The answers or problems of all items, in order. Raises EvalyardError, ClientGone."""
    body = read_body(request.json(), AskBatchBody)
    if not 1 <= len(body.items) <= MOST_ITEMS:
        detail = f"a batch has 1 to {MOST_ITEMS} items, this one {len(body.items)}"
        fault = Fault("/items", "invalid_batch", detail)
        raise Unacceptable(detail, code="invalid_batch", faults=(fault,))
    batch = _Batch(request, caller, answer, asyncio.Semaphore(body.parallel))
    results = await asyncio.gather(*(batch.result(item) for item in body.items))
    headers = headers_of(ask_id, "application/json")
    await answer.send(200, headers, msgspec.json.encode({"results": results}))


@dataclass
class _Batch:
    """Items of one request; `places` are for those that are under way."""

    request: Request
    caller: ApiCaller
    answer: StreamedAnswer
    places: asyncio.Semaphore
    _one_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def result(self, item: Any) -> dict[str, Any]:
        """What became of one item."""
        item_id = ids.new_id("ask")
        try:
            with kept_apart("item_failed", "ServerErrors", ask_id=item_id):
                return await self._result(item, item_id)
            return _problem(_UNFORESEEN, item_id)
        finally:
            self._one_ended.set()
            self._one_ended = asyncio.Event()

    async def _result(self, item: Any, item_id: str) -> dict[str, Any]:
        try:
            ask = ask_of(item, self.request, self.caller, item_id)
            # One that does not say how long it waits for its turn waits as long as it may.
            full = _FULL if "max_wait_s" in item else (*_FULL, WaitExceeded)
            async with self.places:
                return {"status": 200, "answer": await self._answer(ask, full)}
        except EvalyardError as error:
            return _problem(error, item_id)

    async def _answer(self, ask: Ask, full: tuple[type[TooManyRequests], ...]) -> dict[str, Any]:
        """An answer, after a place became free: an item is not refused for want of one, which
        `full` says.
        """
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + _WAITS_S
        while True:
            collected = Collected()
            try:
                answered = await whole_answer(ask, collected, self.answer.gone, loop.time())
                return answer_document(answered) | output_of(collected)
            except full as refused:
                if loop.time() >= gives_up_at or self.answer.gone.is_set():
                    raise
                looks_s = _LOOKS_EVERY_S[type(refused)]
            await self._until_one_ended(looks_s)
            # A device that refused a call takes none of that name any more.
            ask = msgspec.structs.replace(ask, ask_id=ids.new_id("ask"))

    async def _until_one_ended(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._one_ended.wait()


def _problem(error: EvalyardError, item_id: str) -> dict[str, Any]:
    return {"status": status_of(error), "problem": problem_document(error, item_id)}


async def warm_up(request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer) -> None:
    """One token of a model on each of some devices, which is no run. Raises EvalyardError,
    ClientGone.
    """
    body = read_body(request.json(), WarmupBody)
    model, pinned = split_model(body.model)
    named = [*(body.devices or []), *filter(None, (body.device, pinned))]
    serials = list(dict.fromkeys(named)) or await wiring.calls().serving(caller, model)
    places = asyncio.Semaphore(_WARMED_AT_ONCE)
    devices = await asyncio.gather(
        *(_warmed(serial, model, places, caller, answer) for serial in serials)
    )
    headers = headers_of(ask_id, "application/json")
    await answer.send(200, headers, msgspec.json.encode({"devices": devices}))


async def _warmed(
    serial: str, model: str, places: asyncio.Semaphore, caller: ApiCaller, answer: StreamedAnswer
) -> dict[str, Any]:
    """How one device is."""
    ask = Ask(
        ask_id=ids.new_id("ask"),
        caller=caller,
        model=model,
        body=ONE_TOKEN,
        device=serial,
        counts=False,
    )
    said: dict[str, Any] = {"serial": serial, "ready": False, "load_ms": None}
    with kept_apart("device_not_warmed", "ServerErrors", ask_id=ask.ask_id):
        try:
            async with places:
                arrived = asyncio.get_running_loop().time()
                answered = await whole_answer(ask, Collected(), answer.gone, arrived)
        except EvalyardError as error:
            return {**said, "detail": error.detail}
        load_ms = answered.metrics.get("load_ms")
        return {**said, "ready": True, "load_ms": load_ms, "detail": None}
    return {**said, "detail": _UNFORESEEN.detail}
