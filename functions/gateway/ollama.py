"""`/api/chat`, `/api/generate`, `/api/tags` and `/api/version`, as Ollama's clients know them
(https://github.com/ollama/ollama/blob/main/docs/api.md).
"""

from contextlib import suppress
from typing import Any, Final, TypeAlias

import msgspec

from functions.gateway import wiring
from functions.gateway.collecting import Collected
from functions.gateway.native import label_of, server_timing, split_model, whole_answer
from functions.gateway.ollama_bodies import OllamaChatBody, OllamaGenerateBody
from functions.gateway.ollama_words import ChatWords, GenerateWords, last_of, tag_of
from functions.gateway.outcomes import error_of
from functions.gateway.refusals import headers_of, ollama_error
from functions.gateway.requests import Request
from functions.gateway.schemas import read_body
from functions.gateway.several import ONE_TOKEN
from functions.gateway.streams import Stream
from shared.errors import EvalyardError, Fault, MalformedInput
from shared.gateway import Answered, ApiCaller, Ask, ModelNotFound, Up
from shared.lambda_stream import StreamedAnswer

# The version whose API this is; clients compare it with what they need.
VERSION: Final = "0.13.0"
_LATEST: Final = ":latest"

Body: TypeAlias = OllamaChatBody | OllamaGenerateBody


async def show(request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer) -> None:
    """Which version of Ollama's API is spoken, or the models that can be called now. Raises
    ClientGone.
    """
    document: dict[str, Any] = {"version": VERSION}
    if request.path == "/api/tags":
        document = {"models": [tag_of(name) for name in await wiring.calls().models(caller)]}
    await answer.send(200, headers_of(ask_id, "application/json"), msgspec.json.encode(document))


async def answer_chat(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """A chat, streamed or whole. Raises EvalyardError, ClientGone."""
    body = read_body(request.json(), OllamaChatBody)
    await _answer(body, ChatWords(), request, caller, ask_id, answer)


async def answer_generate(
    request: Request, caller: ApiCaller, ask_id: str, answer: StreamedAnswer
) -> None:
    """A prompt, streamed or whole. Raises EvalyardError, ClientGone."""
    body = read_body(request.json(), OllamaGenerateBody)
    await _answer(body, GenerateWords(), request, caller, ask_id, answer)


async def _answer(
    body: Body,
    words: ChatWords,
    request: Request,
    caller: ApiCaller,
    ask_id: str,
    answer: StreamedAnswer,
) -> None:
    wanted = body.request()
    name, pinned = split_model(body.model)
    ask = Ask(
        ask_id=ask_id,
        caller=caller,
        model=await _served_name(caller, name),
        body=ONE_TOKEN if wanted is None else wanted,
        device=pinned or request.headers.get("x-evalyard-device"),
        tag=label_of(request.headers.get("x-evalyard-tag"), "/tag"),
        counts=wanted is not None,
    )
    if wanted is None:
        await _make_ready(body, words, ask, request, answer)
    elif body.stream is False:
        await _whole(words, ask, request, answer)
    else:
        await _streamed(words, ask, request, answer)


async def _served_name(caller: ApiCaller, name: str) -> str:
    """The model as devices call it: to Ollama, no tag is the tag `latest`."""
    tagged = ":" in name.rpartition("/")[2]
    other = name.removesuffix(_LATEST) if tagged else name + _LATEST
    for each in (name, other):
        with suppress(ModelNotFound):
            await wiring.calls().serving(caller, each)
            return each
    return name


async def _make_ready(
    body: Body, words: ChatWords, ask: Ask, request: Request, answer: StreamedAnswer
) -> None:
    """One token, which is no run: then the model is loaded. Raises EvalyardError, ClientGone."""
    if body.keep_alive in (0, "0", "0s", "0m"):
        detail = "a device keeps its models loaded as it was set up; it cannot be made to unload"
        fault = Fault("/keep_alive", "not_allowed", detail)
        raise MalformedInput(detail, code="invalid_argument", faults=(fault,))
    await whole_answer(ask, Collected(), answer.gone, request.arrived)
    document = {**words.said(ask.model, ""), "done": True, "done_reason": "load"}
    headers = headers_of(ask.ask_id, "application/json")
    await answer.send(200, headers, msgspec.json.encode(document))


async def _whole(words: ChatWords, ask: Ask, request: Request, answer: StreamedAnswer) -> None:
    collected = Collected()
    answered = await whole_answer(ask, collected, answer.gone, request.arrived)
    document = {**words.whole(ask.model, collected), **last_of(answered)}
    headers = headers_of(ask.ask_id, "application/json")
    headers["Server-Timing"] = server_timing(answered.phases)
    await answer.send(200, headers, msgspec.json.encode(document))


async def _streamed(words: ChatWords, ask: Ask, request: Request, answer: StreamedAnswer) -> None:
    lines = _Lines(words, ask, request, answer)
    try:
        answered = await wiring.calls().carry_out(ask, lines.hear, answer.gone, request.arrived)
        error = error_of(answered)
        if error is not None:
            raise error
    except EvalyardError as failure:
        if not lines.begun:
            raise
        await lines.fail(failure)
        return
    await lines.end(answered)


class _Lines:
    """The stream: an object a line, the last of which is done."""

    def __init__(
        self, words: ChatWords, ask: Ask, request: Request, answer: StreamedAnswer
    ) -> None:
        self._words, self._model = words, ask.model
        headers = headers_of(ask.ask_id, "application/x-ndjson")
        # Its clients read every line, so that one that only says that it goes on is an object too.
        alive = _line({**words.said(self._model, ""), "done": False})
        self._stream = Stream(answer, headers, request.arrived, alive)
        self._collected = Collected()

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self._stream.begun

    async def hear(self, _: str, frame: Up) -> None:
        """One frame of a device. Raises ListenerGone."""
        pieces = []
        for at_ms, choice in frame.c:
            self._collected.hear(at_ms, choice)
            said = self._words.piece(self._model, choice)
            pieces += [] if said is None else [_line({**said, "done": False})]
        if pieces:
            await self._stream.write(b"".join(pieces))
        else:
            await self._stream.wait(frame)

    async def end(self, answered: Answered) -> None:
        """The last lines; calls of tools are said when they are whole. Raises ListenerGone."""
        calls = self._words.calls(self._model, self._collected)
        if calls is not None:
            self._stream.hold(_line({**calls, "done": False}))
        await self._stream.write(_line({**self._words.said(self._model, ""), **last_of(answered)}))

    async def fail(self, error: EvalyardError) -> None:
        """The last line where something went wrong. Raises ListenerGone."""
        await self._stream.write(_line(ollama_error(error)))


def _line(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(value) + b"\n"
