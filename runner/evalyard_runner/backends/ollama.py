"""Ollama through its own API, which says what the OpenAI-compatible one leaves out: how long it
loaded the model, evaluated the prompt and generated.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from evalyard_runner.backends import Relayed
from evalyard_runner.backends.answers import LineAnswer
from evalyard_runner.backends.chunks import whole
from evalyard_runner.backends.model_server import ModelServer, ServedBackend
from evalyard_runner.backends.ollama_recorder import OLLAMA, OllamaRecorder
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.backends.relaying import Heard
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation, ollama_body
from evalyard_runner.readings import count, member, objects_of

# No shorter one is worth asking for: jobs that set `num_ctx` lower than this are experiments.
_SHORTEST_CONTEXT: Final = 256


class OllamaBackend(ServedBackend):
    """`names` maps what jobs ask for to what Ollama calls it."""

    def __init__(
        self, url: str, names: Mapping[str, str], *, default_max_tokens: int = 512
    ) -> None:
        super().__init__(ModelServer(f"{url.rstrip('/')}/api/", names, probe="version"))
        self._url, self._default_max_tokens = url, default_max_tokens

    async def use_listed_models(self) -> None:
        """Serve whatever was pulled. Raises MisconfiguredError when it cannot be asked."""
        await self._server.use_listed_models(
            "tags", lambda answer: [str(model["name"]) for model in answer["models"]]
        )

    async def _facts(self, model: str) -> dict[str, Any]:
        upstream = self._server.upstream(model)
        shown = await self._server.asked("show", {"model": upstream})
        details = member(shown if isinstance(shown, dict) else {}, "details")
        said = await self._server.asked("version")
        return {
            "backend": OLLAMA,
            "runtime": OLLAMA,
            "runtime_version": said.get("version") if isinstance(said, dict) else None,
            "quant": details.get("quantization_level"),
        }

    async def _generate(self, generation: Generation) -> Sample:
        upstream = self._server.upstream(generation.model)
        body = ollama_body(generation, upstream, self._default_max_tokens)
        content = json.dumps(body).encode()
        recorder = OllamaRecorder()
        await self._server.stream("chat", content, LineAnswer(recorder))
        sample = whole(recorder.sample())
        return replace(sample, filled_context=await self._fills_context(upstream, sample))

    async def _fills_context(self, upstream: str, sample: Sample) -> bool:
        """Whether the prompt has as many tokens as Ollama leaves of one that exceeds the context:
        it cuts, and does not say so (https://github.com/ollama/ollama/issues/17427).
        """
        prompt = sample.prompt_tokens or 0
        if prompt < _SHORTEST_CONTEXT:
            return False
        said = await self._server.asked("ps")
        loaded = objects_of(said.get("models")) if isinstance(said, dict) else []
        sizes = [count(each.get("context_length")) for each in loaded if _is(each, upstream)]
        return any(size is not None and _is_left_of_more(prompt, size) for size in sizes)

    async def _relay(self, model: str, body: Mapping[str, Any], heard: Heard) -> Relayed:
        """By the API that speaks as the caller does."""
        names = {model: self._server.upstream(model)}
        limit = self._default_max_tokens
        calls = OpenAiBackend(self._url, names, default_max_tokens=limit)
        try:
            return await calls.relay(model, body, heard)
        finally:
            await calls.close()


def _is_left_of_more(prompt: int, context: int) -> bool:
    """All of the context; by newer versions half of it and the tokens that are always kept."""
    return prompt >= context or context // 2 + 2 <= prompt <= context // 2 + 4


def _is(model: dict[str, Any], name: str) -> bool:
    return str(model.get("name")).removesuffix(":latest") == name.removesuffix(":latest")
