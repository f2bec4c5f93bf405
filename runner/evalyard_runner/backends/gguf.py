"""A GGUF file, run by llama.cpp in a child process that serves HTTP on loopback.

A child, because a crash or an out-of-memory kill of the model must not take the runner along: it
reports the failure and starts the model again. The measuring is the OpenAI backend's: one way to
measure for all.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, TypeVar

from evalyard_runner import log
from evalyard_runner.backends import Relayed
from evalyard_runner.backends.gguf_file import has_chat_template, quant_of
from evalyard_runner.backends.gguf_process import LlamaProcess
from evalyard_runner.backends.memory_kills import MemoryKills
from evalyard_runner.backends.openai import OpenAiBackend
from evalyard_runner.backends.relaying import Heard
from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.errors import GenerationError, MisconfiguredError
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation

Answered = TypeVar("Answered")


@dataclass(frozen=True)
class GgufModel:
    """What to load, and how. `context` is what each of `parallel` answers at once has."""

    path: Path
    names: tuple[str, ...]
    threads: int
    context: int
    default_max_tokens: int
    parallel: int = 1


class GgufBackend:
    """Loaded once; every name stands for the one file."""

    is_local: bool = True

    def __init__(self, model: GgufModel) -> None:
        self._model = model
        self.log = RuntimeLog()
        self._process: LlamaProcess | None = None
        self._client: OpenAiBackend | None = None
        self._quant: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        return self._model.names

    @property
    def load_ms(self) -> float | None:
        return self._process.load_ms if self._process else None

    async def about(
        self,
        model: str,  # noqa: ARG002 - one file has all names.
        within_s: float = 0.0,  # noqa: ARG002 - it is always known.
    ) -> dict[str, Any]:
        facts = {"backend": "gguf", "runtime": "llama.cpp", "runtime_version": _version()}
        loaded = {"threads": self._model.threads, "context": self._model.context}
        return {**facts, "quant": self._quant, **loaded}

    async def start(self) -> None:
        """Load the model. Raises MisconfiguredError when the file cannot be used."""
        chat, self._quant = has_chat_template(self._model.path), quant_of(self._model.path)
        key = secrets.token_urlsafe(24)
        model = self._model
        self._process = await LlamaProcess.start(
            model.path,
            threads=model.threads,
            context=model.context,
            parallel=model.parallel,
            key=key,
            log=self.log,
        )
        self._client = OpenAiBackend(
            self._process.url,
            {name: name for name in model.names},
            key=key,
            chat=chat,
            default_max_tokens=model.default_max_tokens,
            always=_HONEST,
        )

    async def ready(self) -> bool:
        """True when the model is loaded; loads it again after a crash."""
        if self._process is not None and self._process.alive and self._client is not None:
            return await self._client.ready()
        await self.close()
        try:
            await self.start()
        except MisconfiguredError as exc:
            log.trouble("model_not_loaded", reason=exc)
            return False
        return True

    async def recovered(self) -> bool:
        """Of a model whose process ended there is nothing to wait for: `ready` loads it again."""
        if self._client is None or self._process is None or not self._process.alive:
            return True
        return await self._client.recovered()

    async def generate(self, generation: Generation) -> Sample:
        return await self._told(lambda client: client.generate(generation))

    async def relay(self, model: str, body: Mapping[str, Any], heard: Heard) -> Relayed:
        return await self._told(lambda client: client.relay(model, body, heard))

    async def _told(self, ask: Callable[[OpenAiBackend], Awaitable[Answered]]) -> Answered:
        """What the loaded model answers."""
        if self._client is None:
            raise GenerationError("runtime_crash", "the model is not loaded", retryable=True)
        kills = MemoryKills.count()
        try:
            return await ask(self._client)
        except GenerationError as failure:
            raise await self._explained(failure, kills) from failure.__cause__

    async def _explained(self, failure: GenerationError, earlier: MemoryKills) -> GenerationError:
        """A model that vanished in the middle of a run may have been killed to free memory."""
        if failure.code not in _VANISHED or self._process is None:
            return failure
        if not await self._process.was_killed():
            return failure
        code = MemoryKills.count().code_since(earlier)
        why = "the kernel killed the model for want of memory"
        return GenerationError(code, why, retryable=True) if code else failure

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        if self._process is not None:
            await self._process.stop()
        self._client = self._process = None


def _version() -> str | None:
    """Of the package that brings llama.cpp along."""
    try:
        return f"xllamacpp {version('xllamacpp')}"
    except PackageNotFoundError:
        return None


# In the middle of an answer, or before the next.
_VANISHED: Final = frozenset({"runtime_crash", "server_unavailable"})
# llama.cpp keeps the last prompt by default; a repetition would then measure the cache and not the
# device. A job that wants the cache says `"cache_prompt": true` in its options.
_HONEST: Mapping[str, bool] = {"cache_prompt": False}
