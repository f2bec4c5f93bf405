"""A model server at the other end of HTTP: its names, whether it answers, and its streams."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from math import inf
from time import monotonic
from typing import Any, Final

import httpx

from evalyard_runner.backends import Relayed
from evalyard_runner.backends.acks import acknowledging
from evalyard_runner.backends.answers import Answer
from evalyard_runner.backends.chunks import cut_short
from evalyard_runner.backends.health import Health
from evalyard_runner.backends.lines import Lines
from evalyard_runner.backends.refusals import failure_of_answer, failure_of_connection
from evalyard_runner.backends.relaying import Heard
from evalyard_runner.backends.retry_after import retry_after_s
from evalyard_runner.backends.runtime_log import RuntimeLog
from evalyard_runner.errors import GenerationError, MisconfiguredError
from evalyard_runner.measure import Sample
from evalyard_runner.net import http_client, is_loopback
from evalyard_runner.options import Generation

# A prefill may take minutes without a byte: the job's own time-out is the only limit on reading.
_TIMEOUT: Final = httpx.Timeout(None, connect=10.0)
_PROBE_TIMEOUT: Final = httpx.Timeout(10.0)


class ModelServer:
    """`names` maps what jobs ask for to what the server calls it. `probe` is a path that answers
    at once when the server is well.
    """

    def __init__(
        self, base_url: str, names: Mapping[str, str], *, probe: str, key: str | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.is_local = is_loopback(base_url)
        self._http = http_client(base_url, headers=headers, timeout=_TIMEOUT)
        self._names, self._probe = dict(names), probe
        self._suspect = True

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._names)

    def upstream(self, model: str) -> str:
        """The server's own name. Raises GenerationError for one that is not served."""
        if model not in self._names:
            served = f"this device serves {', '.join(self._names)}"
            raise GenerationError("model_not_found", served, retryable=False)
        return self._names[model]

    async def ready(self) -> bool:
        """Asks the server only when it has not answered since the last failure."""
        if self._suspect:
            self._suspect = not await self._answers()
        return not self._suspect

    async def use_listed_models(self, path: str, read: Callable[[Any], list[str]]) -> None:
        """Serve whatever the server lists. Raises MisconfiguredError when it cannot be asked."""
        try:
            answer = await self._http.get(path, timeout=_PROBE_TIMEOUT)
            listed = read(answer.raise_for_status().json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            where = str(self._http.base_url)
            raise MisconfiguredError(
                f"{where} does not list its models ({type(exc).__name__}); use --model"
            ) from exc
        self._names = {name: name for name in listed}

    async def asked(self, path: str, body: Any = None) -> Any:
        """What a path says, or what it says to a body; None when it says nothing readable."""
        verb = "GET" if body is None else "POST"
        try:
            answer = await self._http.request(verb, path, json=body, timeout=_PROBE_TIMEOUT)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return None

    async def stream(self, path: str, content: bytes, answer: Answer) -> None:
        """POST, and give what comes back to `answer` until that has enough.

        Raises GenerationError for a refusal, and when the server ends or goes away too early.
        """
        headers = {"Content-Type": "application/json"}
        try:
            async with self._http.stream("POST", path, content=content, headers=headers) as stream:
                if not stream.is_success:
                    body = (await stream.aread()).decode(errors="replace")
                    after_s = retry_after_s(stream.headers)
                    raise failure_of_answer(stream.status_code, body, after_s)
                await _read(stream, answer)
        except httpx.HTTPError as exc:
            self._suspect = True
            if not answer.finished:
                raise _lost(exc) from exc
        if not answer.finished:
            raise cut_short()

    async def close(self) -> None:
        await self._http.aclose()

    async def _answers(self) -> bool:
        try:
            answer = await self._http.get(self._probe, timeout=_PROBE_TIMEOUT)
        except httpx.HTTPError:
            return False
        return answer.status_code < 500


class ServedBackend(ABC):
    """What backends before a model server have in common; how they generate differs."""

    # The server loads its models; where it says how long that took, its answers do.
    load_ms: float | None = None

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._health = Health(self._one_token, lambda: self.models)
        self.log = RuntimeLog()
        self._about: dict[str, tuple[float, dict[str, Any]]] = {}

    async def about(self, model: str, within_s: float = 0.0) -> dict[str, Any]:
        """A server may be another one than a moment ago: updated, or with a model pulled again."""
        asked_s, known = self._about.get(model, (-inf, {}))
        if monotonic() - asked_s >= within_s:
            known = await self._facts(model)
            self._about[model] = monotonic(), known
        return known

    @abstractmethod
    async def _facts(self, model: str) -> dict[str, Any]:
        """What the server says about a model now."""

    @property
    def models(self) -> tuple[str, ...]:
        return self._server.models

    @property
    def is_local(self) -> bool:
        return self._server.is_local

    async def ready(self) -> bool:
        return await self._server.ready()

    async def recovered(self) -> bool:
        return await self._health.recovered()

    async def generate(self, generation: Generation) -> Sample:
        try:
            return await self._generate(generation)
        except GenerationError as failure:
            self._health.note(failure, generation.model)
            raise

    async def relay(self, model: str, body: Mapping[str, Any], heard: Heard) -> Relayed:
        try:
            return await self._relay(model, body, heard)
        except GenerationError as failure:
            self._health.note(failure, model)
            raise

    async def close(self) -> None:
        await self._server.close()

    @abstractmethod
    async def _generate(self, generation: Generation) -> Sample: ...

    @abstractmethod
    async def _relay(self, model: str, body: Mapping[str, Any], heard: Heard) -> Relayed: ...

    async def _one_token(self, model: str) -> Sample:
        return await self._generate(Generation(model, "Hello", options={"num_predict": 1}))


def _lost(exc: httpx.HTTPError) -> GenerationError:
    if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
        return failure_of_connection(str(exc) or type(exc).__name__)
    why = f"the model server went away: {exc}"
    return GenerationError("runtime_crash", why, retryable=True)


async def _read(stream: httpx.Response, answer: Answer) -> None:
    """Until the answer has enough, the stream ends, or nothing more is worth waiting for."""
    lines, linger_s = Lines(), None
    acknowledge = acknowledging(stream)
    try:
        async with asyncio.timeout(None) as limit:
            async for data in stream.aiter_bytes():
                answer.arrived()
                acknowledge()
                if any(answer.hear(line) for line in lines.feed(data)):
                    return
                if answer.linger_s != linger_s:
                    linger_s = answer.linger_s
                    limit.reschedule(asyncio.get_running_loop().time() + (linger_s or 0.0))
    except TimeoutError:
        return
    answer.hear(lines.rest())
    answer.end()
