"""Walks the steps of operations with httpx, blocking and with asyncio."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from evalyard import __version__
from evalyard.core.wire import Lost, Pause, Reply, Request, Steps
from evalyard.errors import ConfigurationError, OutOfReach
from evalyard.settings import Target

T = TypeVar("T")
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# The API answers within 30 s; a file may take longer between two pieces.
TIMEOUT_S = 60.0


class Walker:
    """Walks steps with a blocking client."""

    def __init__(
        self, target: Target, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._target = target
        with _environment():
            self._client = httpx.Client(transport=transport, timeout=_timeout(timeout_s))

    def walk(self, steps: Steps[T]) -> T:
        """What the operation returns."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    step = steps.send(None)
                else:
                    step = steps.send(self._send(step))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, request: Request) -> Reply | Lost:
        delivered = False
        try:
            with self._client.stream(**_arguments(request, self._target)) as answer:
                if request.sink is None or answer.status_code != 200:
                    return _reply(answer, answer.read())
                for piece in answer.iter_bytes():
                    delivered = True
                    request.sink(piece)
                return _reply(answer, b"")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _lost(error, delivered)


class AsyncWalker:
    """Walks steps with asyncio's client."""

    def __init__(
        self, target: Target, timeout_s: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._target = target
        with _environment():
            self._client = httpx.AsyncClient(transport=transport, timeout=_timeout(timeout_s))

    async def walk(self, steps: Steps[T]) -> T:
        """What the operation returns."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = steps.send(None)
                else:
                    step = steps.send(await self._send(step))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, request: Request) -> Reply | Lost:
        delivered = False
        try:
            async with self._client.stream(**_arguments(request, self._target)) as answer:
                if request.sink is None or answer.status_code != 200:
                    return _reply(answer, await answer.aread())
                async for piece in answer.aiter_bytes():
                    delivered = True
                    request.sink(piece)
                return _reply(answer, b"")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _lost(error, delivered)


def each(items: Iterable[Any]) -> Iterator[Any]:
    """The items, as `async_each` gives them."""
    return iter(items)


async def async_each(items: Any) -> AsyncIterator[Any]:
    """The items of an iterable, be it asynchronous or not."""
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


@contextmanager
def _environment() -> Iterator[None]:
    """What httpx reads there: proxies (HTTPS_PROXY, ALL_PROXY, …) and certificates."""
    try:
        yield
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        raise ConfigurationError(
            "a proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) or certificates (SSL_CERT_FILE, "
            f"SSL_CERT_DIR) of the environment cannot be used: {error}"
        ) from error


def _arguments(request: Request, target: Target) -> dict[str, Any]:
    headers = {"user-agent": f"evalyard/{__version__} python/{platform.python_version()}"}
    url = request.path
    if url.startswith("/"):
        url = target.url + url
        if target.token:
            headers["x-user-token"] = target.token
    arguments = {
        "method": request.method,
        "url": url,
        "content": request.body,
        "headers": {**headers, **request.headers},
    }
    # An empty list would take the query of an address away.
    return arguments | ({"params": list(request.params)} if request.params else {})


def _reply(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)


def _lost(error: Exception, delivered: bool) -> Lost:
    reason = str(error) or type(error).__name__
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)):
        raise ConfigurationError(f"the address cannot be used: {reason}") from error
    if delivered:
        # The beginning is with the caller already, and cannot be taken back.
        raise OutOfReach(f"the answer was cut: {reason}", 1) from error
    return Lost(reason, not isinstance(error, _BEFORE_SENDING))


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, 10.0))
