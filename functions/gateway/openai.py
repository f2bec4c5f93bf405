"""`/v1/chat/completions`, `/v1/completions` and `/v1/models`, as OpenAI's clients know them."""

from typing import Any, Final
from urllib.parse import unquote

import msgspec

from functions.gateway import wiring
from functions.gateway.collecting import Collected, delta_of, text_of
from functions.gateway.native import label_of, server_timing, split_model, usage_of, whole_answer
from functions.gateway.outcomes import error_of
from functions.gateway.refusals import envelope, headers_of
from functions.gateway.requests import Request
from functions.gateway.schemas import ChatBody, CompletionBody, check_texts, read_body
from functions.gateway.streams import Stream
from shared import clock
from shared.errors import EvalyardError, Fault, MalformedInput, Unacceptable
from shared.gateway import Answered, ApiCaller, Ask, ModelNotFound, Up
from shared.lambda_stream import StreamedAnswer

_OURS: Final = frozenset({"model", "stream", "stream_options", "n", "metadata", "user", "store"})
_LENGTHS: Final = frozenset({"max_tokens", "max_completion_tokens"})


Body = ChatBody | CompletionBody


def ask_of(found: Any, body: Body, request: Request, caller: ApiCaller, ask_id: str) -> Ask:
    """The call that a chat or a completion asks for. Raises MalformedInput, Unacceptable."""
    if body.n not in (None, 1):
        detail = "a device answers once; ask again for another answer"
        fault = Fault("/n", "not_allowed", detail)
        raise MalformedInput(detail, code="n_not_supported", faults=(fault,))
    model, pinned = split_model(body.model)
    tag = request.headers.get("x-evalyard-tag") or (body.metadata or {}).get("tag")
    return Ask(
        ask_id=ask_id,
        caller=caller,
        model=model,
        body=_for_the_server(found),
        device=pinned or request.headers.get("x-evalyard-device"),
        tag=label_of(tag, "/metadata/tag"),
    )


def _for_the_server(found: dict[str, Any]) -> dict[str, Any]:
    """All that is not read here. A negative length, with which some clients ask for as much as the
    model likes, is none: then the device says how much. Raises Unacceptable for a length of 0.
    """
    kept = {name: value for name, value in found.items() if name not in _OURS}
    for name in _LENGTHS & kept.keys():
        length = kept[name]
        if isinstance(length, bool) or not isinstance(length, int | float) or length > 0:
            continue
        if length == 0:
            fault = Fault(f"/{name}", "not_acceptable", "Expected `int` >= 1")
            summary = f"{fault.pointer}: {fault.detail}"
            raise Unacceptable(summary, code="validation_failed", faults=(fault,))
        del kept[name]
    return kept


async def answer_chat(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """A chat, whole or streamed. Raises EvalyardError, ClientGone."""
    found = request.json()
    body = read_body(found, ChatBody)
    check_texts(body.messages)
    ask = ask_of(found, body, request, caller, ask_id)
    if body.stream:
        await _streamed(request, body, _Chunks(request, ask, answer), ask, answer)
        return
    collected = Collected()
    answered = await whole_answer(ask, collected, answer.gone, request.arrived)
    choice = {"message": collected.message(), "logprobs": collected.logprobs()}
    await _send_whole(_head(ask, "chatcmpl", "chat.completion"), choice, answered, answer)


async def answer_completion(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """A text that is gone on with, whole or streamed. Raises EvalyardError, ClientGone."""
    found = request.json()
    body = read_body(found, CompletionBody)
    ask = ask_of(found, body, request, caller, ask_id)
    if body.stream:
        await _streamed(request, body, _Texts(request, ask, answer), ask, answer)
        return
    collected = Collected()
    answered = await whole_answer(ask, collected, answer.gone, request.arrived)
    choice = {"text": collected.text, "logprobs": collected.logprobs()}
    await _send_whole(_head(ask, "cmpl", "text_completion"), choice, answered, answer)


async def _send_whole(
    head: dict[str, Any], choice: dict[str, Any], answered: Answered, answer: StreamedAnswer
) -> None:
    whole = {"index": 0, **choice, "finish_reason": answered.finish_reason}
    headers = headers_of(answered.ask_id, "application/json")
    headers["Server-Timing"] = server_timing(answered.phases)
    document = {**head, "choices": [whole], "usage": _usage(answered)}
    await answer.send(200, headers, msgspec.json.encode(document))


async def _streamed(
    request: Request, body: Body, chunks: "_Chunks", ask: Ask, answer: StreamedAnswer
) -> None:
    usage = body.stream_options is not None and body.stream_options.include_usage
    try:
        answered = await wiring.calls().carry_out(ask, chunks.hear, answer.gone, request.arrived)
        error = error_of(answered)
        if error is not None:
            raise error
    except EvalyardError as failure:
        if not chunks.begun:
            raise
        await chunks.fail(failure)
        return
    await chunks.end(_usage(answered) if usage else None)


class _Chunks:
    """The stream of a chat: `data:` lines only, and comments where it would be silent."""

    _names = ("chatcmpl", "chat.completion.chunk")

    def __init__(self, request: Request, ask: Ask, answer: StreamedAnswer) -> None:
        headers = headers_of(ask.ask_id, "text/event-stream")
        self._stream = Stream(answer, headers, request.arrived, b": keep-alive\n")
        self._head = _head(ask, *self._names)
        self._said = False
        self._finished = False

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self._stream.begun

    async def hear(self, _: str, frame: Up) -> None:
        """One frame of a device. Raises ListenerGone."""
        if frame.k == "chunks":
            pieces = (piece for _, choice in frame.c for piece in self._pieces(choice))
            await self._stream.write(b"".join(pieces))
        else:
            await self._stream.wait(frame)

    async def end(self, usage: dict[str, Any] | None) -> None:
        """The last lines. Raises ListenerGone."""
        if not self._finished:
            self._stream.hold(self._data([self._last("cancelled")]))
        if usage is not None:
            self._stream.hold(_data({**self._head, "choices": [], "usage": usage}))
        await self._stream.write(b"data: [DONE]\n\n")

    async def fail(self, error: EvalyardError) -> None:
        """The last line where something went wrong. Raises ListenerGone."""
        await self._stream.write(_data(envelope(error)))

    def _pieces(self, choice: dict[str, Any]) -> list[bytes]:
        """The first carries the role, the last nothing but why it is the last."""
        delta = delta_of(choice)
        if not self._said:
            delta = {"role": "assistant", "content": "", **delta}
            self._said = True
        reason = choice.get("finish_reason")
        self._finished |= reason is not None
        found = []
        if reason is None or any(value for name, value in delta.items() if name != "role"):
            found.append({**choice, "delta": delta, "finish_reason": None})
        if reason is not None:
            found.append(self._last(reason))
        return [self._data([each]) for each in found]

    def _last(self, reason: str) -> dict[str, Any]:
        return {"index": 0, "delta": {}, "logprobs": None, "finish_reason": reason}

    def _data(self, choices: list[dict[str, Any]]) -> bytes:
        return _data({**self._head, "choices": choices})


class _Texts(_Chunks):
    """The stream of a completion."""

    _names = ("cmpl", "text_completion")

    def _pieces(self, choice: dict[str, Any]) -> list[bytes]:
        reason, text = choice.get("finish_reason"), text_of(choice)
        self._finished |= reason is not None
        if not text and reason is None:
            return []
        said = {"index": 0, "text": text, "logprobs": choice.get("logprobs")}
        return [self._data([said | {"finish_reason": reason}])]

    def _last(self, reason: str) -> dict[str, Any]:
        return {"index": 0, "text": "", "logprobs": None, "finish_reason": reason}


async def list_models(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """The models that can be called now, or one of them. Raises ModelNotFound, ClientGone."""
    names = await wiring.calls().models(caller)
    wanted = unquote(request.path.removeprefix("/v1/models").removeprefix("/"))
    if not wanted:
        document: dict[str, Any] = {"object": "list", "data": [_model(name) for name in names]}
    elif split_model(wanted)[0] in names or wanted in names:
        document = _model(wanted)
    else:
        raise ModelNotFound(f"no device of yours serves {wanted[:100]!r} now", allowed=tuple(names))
    headers = headers_of(ask_id, "application/json")
    await answer.send(200, headers, msgspec.json.encode(document))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "evalyard"}


def _head(ask: Ask, prefix: str, kind: str) -> dict[str, Any]:
    return {
        "id": f"{prefix}-{ask.ask_id.removeprefix('ask_')}",
        "object": kind,
        "created": clock.now_s(),
        "model": ask.model,
    }


def _usage(answered: Answered) -> dict[str, Any] | None:
    """As the model's server counted it, in its own words; what it did not count is null."""
    if answered.usage:
        return answered.usage
    prompt, completion = map(answered.count, ("prompt_tokens", "completion_tokens"))
    return dict(usage_of(prompt, completion))


def _data(value: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % msgspec.json.encode(value)
