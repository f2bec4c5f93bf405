"""Any server that speaks OpenAI's streaming completions: llama.cpp, vLLM, LM Studio, a cloud."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from evalyard_runner.backends import Relayed
from evalyard_runner.backends.answers import EventAnswer
from evalyard_runner.backends.chunks import whole
from evalyard_runner.backends.model_server import ModelServer, ServedBackend
from evalyard_runner.backends.openai_recorder import OpenAiRecorder
from evalyard_runner.backends.relaying import Heard, RelayingRecorder, relay_body
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation, chat_body, plain_body
from evalyard_runner.readings import member

_CHAT: Final = "chat/completions"
_TEXT: Final = "completions"


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
        self._root = base_url(url).removesuffix("v1/")
        self._path = _CHAT if chat else _TEXT
        self._build = chat_body if chat else plain_body
        self._default_max_tokens, self._always = default_max_tokens, dict(always or {})
        self._usage_asked = True

    async def use_listed_models(self) -> None:
        """Serve whatever the server lists. Raises MisconfiguredError when it cannot be asked."""
        await self._server.use_listed_models(
            "models", lambda answer: [str(model["id"]) for model in answer["data"]]
        )

    async def _facts(self, model: str) -> dict[str, Any]:
        """A llama.cpp server says what it is; others say nothing that all of them would."""
        upstream = self._server.upstream(model)
        props = await self._server.asked(f"{self._root}props?model={quote(upstream)}")
        build = props.get("build_info") if isinstance(props, dict) else None
        if build is None:
            return {"backend": "openai"}
        context = member(props, "default_generation_settings").get("n_ctx")
        return {"backend": "openai", "runtime": "llama.cpp", "build": build, "context": context}

    async def _generate(self, generation: Generation) -> Sample:
        upstream = self._server.upstream(generation.model)
        body = self._build(generation, upstream, self._default_max_tokens)
        recorder = await self._asked({**self._always, **body}, OpenAiRecorder, self._path)
        return whole(recorder.sample())

    async def _relay(self, model: str, body: Mapping[str, Any], heard: Heard) -> Relayed:
        upstream = self._server.upstream(model)
        path = _TEXT if "prompt" in body else self._path
        wanted = relay_body(body, upstream, self._default_max_tokens, chat=path == _CHAT)
        recorder = await self._asked(
            {**self._always, **wanted}, lambda: RelayingRecorder(heard), path
        )
        return Relayed(whole(recorder.sample()), recorder.usage)

    async def _asked(
        self, body: dict[str, Any], begin: Callable[[], OpenAiRecorder], path: str
    ) -> OpenAiRecorder:
        """Ask; once more, and from then on, without `stream_options` where those are refused."""
        try:
            return await self._ask(body, begin(), path)
        except GenerationError as refusal:
            if not self._usage_asked or not _dislikes_stream_options(refusal):
                raise
        self._usage_asked = False
        return await self._ask(body, begin(), path)

    async def _ask(
        self, body: dict[str, Any], recorder: OpenAiRecorder, path: str
    ) -> OpenAiRecorder:
        """One request."""
        if not self._usage_asked:
            body = {name: value for name, value in body.items() if name != "stream_options"}
        content = json.dumps(body).encode()
        await self._server.stream(path, content, EventAnswer(recorder))
        return recorder


def base_url(url: str) -> str:
    """With `/v1/` at the end, however the user wrote it."""
    trimmed = url.rstrip("/")
    return f"{trimmed}/" if trimmed.endswith("/v1") else f"{trimmed}/v1/"


def _dislikes_stream_options(refusal: GenerationError) -> bool:
    """A strict server refuses what it does not know by 422, or by name."""
    return refusal.message.startswith("422") or "stream_options" in refusal.message
