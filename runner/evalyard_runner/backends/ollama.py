"""Ollama through its own API, which says what the OpenAI-compatible one leaves out: how long it
loaded the model, evaluated the prompt and generated.
"""

import json
from collections.abc import Mapping

from evalyard_runner.backends.answers import LineAnswer
from evalyard_runner.backends.chunks import whole
from evalyard_runner.backends.model_server import ModelServer, ServedBackend
from evalyard_runner.backends.ollama_recorder import OllamaRecorder
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation, ollama_body


class OllamaBackend(ServedBackend):
    """`names` maps what jobs ask for to what Ollama calls it."""

    def __init__(
        self, url: str, names: Mapping[str, str], *, default_max_tokens: int = 512
    ) -> None:
        super().__init__(ModelServer(f"{url.rstrip('/')}/api/", names, probe="version"))
        self._default_max_tokens = default_max_tokens

    async def use_listed_models(self) -> None:
        """Serve whatever was pulled. Raises MisconfiguredError when it cannot be asked."""
        await self._server.use_listed_models(
            "tags", lambda answer: [str(model["name"]) for model in answer["models"]]
        )

    async def generate(self, generation: Generation) -> Sample:
        upstream = self._server.upstream(generation.model)
        body = ollama_body(generation, upstream, self._default_max_tokens)
        content = json.dumps(body).encode()
        recorder = OllamaRecorder()
        await self._server.stream("chat", content, LineAnswer(recorder))
        return whole(recorder.sample())
