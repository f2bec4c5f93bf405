"""`/ask` and `/ask_stream`."""

import asyncio
from typing import Any

import msgspec

from functions.gateway import wiring
from functions.gateway.collecting import Collected, text_of
from functions.gateway.once import Kept, carry_out_once
from functions.gateway.outcomes import error_of
from functions.gateway.refusals import headers_of
from functions.gateway.requests import Request
from functions.gateway.schemas import AskBody, read_body
from functions.gateway.streams import Stream
from shared.errors import EvalyardError, Fault, Unacceptable
from shared.gateway import Answered, ApiCaller, Ask, Phases, Up
from shared.idempotency import HEADER
from shared.lambda_stream import StreamedAnswer
from shared.problem_documents import problem_document
from shared.runs import MAX_LABEL_CHARACTERS, PREVIEW_CHARACTERS

METRICS = (
    "prompt_tokens",
    "completion_tokens",
    "latency_ms",
    "ttft_ms",
    "tok_s",
    "tpot_ms",
    "prefill_tps",
    "load_ms",
)


def ask_of(found: Any, request: Request, caller: ApiCaller, ask_id: str) -> Ask:
    """The call that a body of `/ask` asks for. Raises Unacceptable."""
    body = read_body(found, AskBody)
    model, pinned = split_model(body.model)
    return Ask(
        ask_id=ask_id,
        caller=caller,
        model=model,
        body=body.chat(),
        device=body.device or pinned or request.headers.get("x-evalyard-device"),
        tag=label_of(body.tag or request.headers.get("x-evalyard-tag"), "/tag"),
        max_wait_s=body.max_wait_s,
        timeout_s=body.timeout_s,
        preview=body.prompt[:PREVIEW_CHARACTERS] if body.preview else None,
    )


def split_model(name: str) -> tuple[str, str | None]:
    """`name@serial` pins the call to a device."""
    model, at, serial = name.rpartition("@")
    return (model, serial) if at and model and serial else (name, None)


def label_of(said: Any, pointer: str) -> str | None:
    """What labels a run, by the body or a header; what is no text labels none. Raises
    Unacceptable.
    """
    if not isinstance(said, str) or not said:
        return None
    if len(said) > MAX_LABEL_CHARACTERS:
        detail = f"a tag has at most {MAX_LABEL_CHARACTERS} characters; this one has {len(said)}"
        fault = Fault(pointer, "too_long", detail)
        raise Unacceptable(detail, code="validation_failed", faults=(fault,))
    return said


async def answer_ask(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """The whole answer at once, traced by `/ask_trace`; by its `Idempotency-Key` once, where `/ask`
    has one. Raises EvalyardError, ClientGone.
    """
    ask = ask_of(request.json(), request, caller, ask_id)

    async def answered() -> Kept:
        return await _kept_answer(ask, request, answer.gone)

    key = request.headers.get(HEADER)
    once = request.path == "/ask" and key is not None
    kept = await carry_out_once(str(key), ask, request, answered) if once else await answered()
    await answer.send(kept.status, kept.headers, kept.body)


async def _kept_answer(ask: Ask, request: Request, gone: asyncio.Event) -> Kept:
    """The answer as it is sent, and may be sent again. Raises EvalyardError."""
    collected = Collected()
    answered = await whole_answer(ask, collected, gone, request.arrived)
    document = answer_document(answered) | output_of(collected)
    if request.path == "/ask_trace":
        document |= trace_of(answered.phases, collected.chunks)
    headers = headers_of(ask.ask_id, "application/json")
    headers["Server-Timing"] = server_timing(answered.phases)
    return Kept(200, headers, msgspec.json.encode(document), stands=answered.ok)


async def whole_answer(
    ask: Ask, collected: Collected, gone: asyncio.Event, arrived: float
) -> Answered:
    """An answer that is collected until it is whole. Raises EvalyardError where there is none."""

    async def listen(_: str, frame: Up) -> None:
        for at_ms, choice in frame.c:
            collected.hear(at_ms, choice)

    answered = await wiring.calls().carry_out(ask, listen, gone, arrived)
    error = error_of(answered)
    if error is not None:
        raise error
    return answered


async def cancel_ask(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """Stop a call, from anywhere. Raises CallNotFound, Unavailable, ClientGone."""
    wanted = request.path.split("/")[2]
    await wiring.calls().cancel(caller, wanted)
    document = {"request_id": wanted, "status": "cancelling"}
    headers = headers_of(ask_id, "application/json")
    await answer.send(202, headers, msgspec.json.encode(document))


async def stream_ask(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """The answer while it is written. Raises EvalyardError before it began, ClientGone."""
    ask = ask_of(request.json(), request, caller, ask_id)
    events = _Events(request, ask_id, answer)
    try:
        answered = await wiring.calls().carry_out(ask, events.hear, answer.gone, request.arrived)
        error = error_of(answered)
        if error is not None:
            raise error
    except EvalyardError as failure:
        if not events.begun:
            raise
        await events.fail(failure)
        return
    await events.end(answered)


def answer_document(answered: Answered) -> dict[str, Any]:
    """An answer without its output."""
    metrics = {name: answered.metrics.get(name) for name in METRICS}
    prompt, completion = map(answered.count, ("prompt_tokens", "completion_tokens"))
    return {
        "request_id": answered.ask_id,
        "model": answered.model,
        "device": answered.device,
        "finish_reason": answered.finish_reason,
        "usage": usage_of(prompt, completion),
        "metrics": metrics,
        "phases": msgspec.to_builtins(answered.phases),
        "run_id": answered.run_id,
    }


def output_of(collected: Collected) -> dict[str, Any]:
    """What the model said, and what it thought, if that is known apart."""
    thoughts = {} if collected.reasoning is None else {"reasoning": collected.reasoning}
    return {"output": collected.text, **thoughts}


def trace_of(phases: Phases, chunks: list[tuple[float, int]]) -> dict[str, Any]:
    """Where the time went, each span on its own clock: the gateway's since the call came, the
    device's since the ask came there. Pieces are counted from the device's start.
    """
    spans, at_ms = [], 0.0
    for name in ("queue", "load", "prefill", "decode"):
        lasted_ms = getattr(phases, f"{name}_ms")
        if lasted_ms is not None:
            spans.append(_span(name, at_ms, lasted_ms, "device"))
            at_ms = round(at_ms + lasted_ms, 3)
    ends_ms = round(phases.total_ms - phases.finish_ms, 3)
    ours = [
        _span("gateway", 0.0, phases.gateway_ms, "gateway"),
        _span("network", phases.gateway_ms, phases.network_ms, "gateway"),
        _span("finish", ends_ms, phases.finish_ms, "gateway"),
    ]
    begun_ms = phases.queue_ms or 0.0
    pieces = [[round(at_ms - begun_ms, 3), characters] for at_ms, characters in chunks]
    return {"spans": ours + spans, "chunks": pieces}


def _span(name: str, start_ms: float, duration_ms: float, clock: str) -> dict[str, Any]:
    return {"name": name, "start_ms": start_ms, "duration_ms": duration_ms, "clock": clock}


def usage_of(prompt: int | None, completion: int | None) -> dict[str, int | None]:
    """What was counted; a sum with something unknown is unknown."""
    total = None if prompt is None or completion is None else prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


def server_timing(phases: Phases) -> str:
    """The phases as browsers show them: https://www.w3.org/TR/server-timing/."""
    parts = {
        "gateway": phases.gateway_ms,
        "queue": phases.queue_ms,
        "load": phases.load_ms,
        "prefill": phases.prefill_ms,
        "decode": phases.decode_ms,
        "network": phases.network_ms,
        "finish": phases.finish_ms,
        "total": phases.total_ms,
    }
    return ", ".join(f"{name};dur={ms:g}" for name, ms in parts.items() if ms is not None)


class _Events:
    """The events of `/ask_stream`: server-sent, or a JSON object a line."""

    def __init__(self, request: Request, ask_id: str, answer: StreamedAnswer) -> None:
        self._lines = "application/x-ndjson" in request.headers.get("accept", "")
        kind = "application/x-ndjson" if self._lines else "text/event-stream"
        comment = b"\n" if self._lines else b": keep-alive\n"
        self._stream = Stream(answer, headers_of(ask_id, kind), request.arrived, comment)
        self._ask_id = ask_id
        self._began_ms = 0.0
        self._pieces = 0
        self._ahead: int | None = None
        self._device = ""

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self._stream.begun

    async def hear(self, serial: str, frame: Up) -> None:
        """One frame of a device. Raises ListenerGone."""
        if frame.k in ("accepted", "queued") and frame.ahead and frame.ahead != self._ahead:
            self._ahead = frame.ahead
            self._stream.hold(self._event("queued", {"ahead": frame.ahead}))
        elif frame.k == "started":
            self._began_ms = frame.t
        elif frame.k == "chunks":
            await self._say(serial, frame)
            return
        await self._stream.wait(frame)

    async def end(self, answered: Answered) -> None:
        """The last two events. Raises ListenerGone."""
        document = answer_document(answered)
        self._stream.hold(self._event("usage", document["usage"]))
        await self._stream.write(self._event("done", document))

    async def fail(self, error: EvalyardError) -> None:
        """The last event where something went wrong. Raises ListenerGone."""
        await self._stream.write(self._event("error", problem_document(error, self._ask_id)))

    async def _say(self, serial: str, frame: Up) -> None:
        pieces = [self._token(at_ms, choice) for at_ms, choice in frame.c]
        if serial != self._device:
            self._device = serial
            started = {"request_id": self._ask_id, "device": serial}
            self._stream.hold(self._event("started", started))
        whole = b"".join(pieces)
        if whole:
            await self._stream.write(whole)

    def _token(self, at_ms: float, choice: dict[str, Any]) -> bytes:
        text = text_of(choice)
        if not text:
            return b""
        self._pieces += 1
        since = round(at_ms - self._began_ms, 3)
        return self._event("token", {"i": self._pieces - 1, "t_ms": since, "text": text})

    def _event(self, name: str, data: dict[str, Any]) -> bytes:
        if self._lines:
            return msgspec.json.encode({"event": name, **data}) + b"\n"
        return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))
