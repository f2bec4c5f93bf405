"""Any server that speaks OpenAI's streaming completions: llama.cpp, Ollama, vLLM, LM Studio."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx

from evalyard_runner.backends.refusals import failure_of_answer, failure_of_stream
from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.errors import GenerationError, MisconfiguredError
from evalyard_runner.measure import Recorder, Sample
from evalyard_runner.net import is_loopback
from evalyard_runner.options import Generation, chat_body, plain_body

# A prefill may take minutes without a byte: the job's own time-out is the only limit on reading.
_TIMEOUT: Final = httpx.Timeout(None, connect=10.0)
_PROBE_TIMEOUT: Final = httpx.Timeout(10.0)


class OpenAiBackend:
    """`names` maps what jobs ask for to what the server calls it. `chat` False: plain text
    completion.
    """

    load_ms: float | None = None

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
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        base = base_url(url)
        self._http = httpx.AsyncClient(
            base_url=base, headers=headers, timeout=_TIMEOUT, trust_env=not is_loopback(base)
        )
        self.log = RuntimeLog()
        self._names = dict(names)
        self._chat, self._default_max_tokens, self._always = (
            chat,
            default_max_tokens,
            dict(always or {}),
        )
        self._suspect = True

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._names)

    async def ready(self) -> bool:
        """Asks the server only when it has not answered since the last failure."""
        if self._suspect:
            self._suspect = not await self._answers()
        return not self._suspect

    async def use_listed_models(self) -> None:
        """Serve whatever the server lists. Raises MisconfiguredError when it cannot be asked."""
        try:
            listed = (
                (await self._http.get("models", timeout=_PROBE_TIMEOUT))
                .raise_for_status()
                .json()["data"]
            )
            self._names = {str(model["id"]): str(model["id"]) for model in listed}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            where = str(self._http.base_url)
            raise MisconfiguredError(
                f"{where} does not list its models ({type(exc).__name__}); use --model"
            ) from exc

    async def generate(self, generation: Generation) -> Sample:
        upstream = self._names.get(generation.model)
        if upstream is None:
            raise GenerationError(
                "model_not_found", f"this device serves {', '.join(self._names)}", retryable=False
            )
        build = chat_body if self._chat else plain_body
        body = {**self._always, **build(generation, upstream, self._default_max_tokens)}
        try:
            return await self._stream("chat/completions" if self._chat else "completions", body)
        except httpx.HTTPError as exc:
            self._suspect = True
            raise GenerationError(
                "runtime_crash", f"the model server went away: {exc}", retryable=True
            ) from exc

    async def close(self) -> None:
        await self._http.aclose()

    async def _stream(self, path: str, body: Mapping[str, Any]) -> Sample:
        content = json.dumps(body).encode()
        recorder = Recorder()
        headers = {"Content-Type": "application/json"}
        async with self._http.stream("POST", path, content=content, headers=headers) as response:
            if not response.is_success:
                raise failure_of_answer(
                    response.status_code, (await response.aread()).decode(errors="replace")
                )
            async for chunk in _chunks(response):
                recorder.hear(chunk)
        if not recorder.finished:
            raise GenerationError(
                "runtime_crash", "the stream ended before the model was done", retryable=True
            )
        return recorder.sample()

    async def _answers(self) -> bool:
        try:
            return (await self._http.get("models", timeout=_PROBE_TIMEOUT)).status_code < 500
        except httpx.HTTPError:
            return False


def base_url(url: str) -> str:
    """With `/v1/` at the end, however the user wrote it."""
    trimmed = url.rstrip("/")
    return f"{trimmed}/" if trimmed.endswith("/v1") else f"{trimmed}/v1/"


async def _chunks(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a server-sent event stream, up to `[DONE]`. Raises GenerationError for an
    error event.
    """
    async for line in response.aiter_lines():
        field, _, value = line.partition(":")
        if field == "error":
            raise failure_of_stream(value.strip())
        if field != "data":
            continue
        if value.strip() == "[DONE]":
            return
        yield _chunk(value)


def _chunk(text: str) -> dict[str, Any]:
    try:
        chunk = json.loads(text)
    except ValueError as exc:
        raise GenerationError(
            "runtime_crash", "the model server streamed broken JSON", retryable=True
        ) from exc
    if not isinstance(chunk, dict):
        raise GenerationError(
            "runtime_crash", "the model server streamed no object", retryable=True
        )
    if chunk.get("error"):
        raise failure_of_stream(text)
    return chunk
