"""Any server that speaks OpenAI's streaming completions: llama.cpp, vLLM, LM Studio, a cloud."""

import json
from collections.abc import Mapping
from typing import Any

from evalyard_runner.backends.model_server import ModelServer, ServedBackend, chunk_of, cut_short
from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.backends.refusals import failure_of_stream
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation, chat_body, plain_body


class OpenAiBackend(ServedBackend):
    """`names` maps what jobs ask for to what the server calls it. `chat` False: plain text
    completion.
    """

    def __init__(
        self,
        url: str,
        names: Mapping[str, str],
        *,
        key: str | None = None,
        chat: bool = True,
        default_max_tokens: int = 512,
        always: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(ModelServer(base_url(url), names, probe="models", key=key))
        self._path = "chat/completions" if chat else "completions"
        self._build = chat_body if chat else plain_body
        self._default_max_tokens, self._always = default_max_tokens, dict(always or {})

    async def use_listed_models(self) -> None:
        """Serve whatever the server lists. Raises MisconfiguredError when it cannot be asked."""
        await self._server.use_listed_models(
            "models", lambda answer: [str(model["id"]) for model in answer["data"]]
        )

    async def generate(self, generation: Generation) -> Sample:
        upstream = self._server.upstream(generation.model)
        body = self._build(generation, upstream, self._default_max_tokens)
        content = json.dumps({**self._always, **body}).encode()
        recorder = OpenAiRecorder()
        await self._server.stream(self._path, content, lambda line: _hear(recorder, line))
        if not recorder.finished:
            raise cut_short()
        return recorder.sample()


def base_url(url: str) -> str:
    """With `/v1/` at the end, however the user wrote it."""
    trimmed = url.rstrip("/")
    return f"{trimmed}/" if trimmed.endswith("/v1") else f"{trimmed}/v1/"


def _hear(recorder: OpenAiRecorder, line: str) -> bool:
    """One line of a server-sent event stream; True after the last. Raises GenerationError for an
    error event.
    """
    field, _, value = line.partition(":")
    if field == "error":
        raise failure_of_stream(value.strip())
    if field != "data":
        return False
    if value.strip() == "[DONE]":
        return True
    recorder.hear(chunk_of(value))
    return False
