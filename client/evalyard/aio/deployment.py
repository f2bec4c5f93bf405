"""A deployment, of which all the rest is asked."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

import httpx

from evalyard.aio.baselines import AsyncBaselines
from evalyard.aio.datasets import AsyncDatasets
from evalyard.aio.devices import AsyncDevices
from evalyard.aio.jobs import AsyncJobs
from evalyard.aio.usage import AsyncUsage
from evalyard.core import places
from evalyard.core.sending import Patience
from evalyard.core.wire import Steps
from evalyard.models import Health, Me
from evalyard.settings import Target, resolve
from evalyard.transport import TIMEOUT_S, AsyncWalker

T = TypeVar("T")
_PATIENCE = Patience()


class AsyncEvalyard:
    """A deployment of Evalyard, as one user.

    Without arguments: `EVALYARD_URL` and `EVALYARD_TOKEN`, else a profile of `evalyard login`,
    else a local cloud that runs in this folder or one above. `patience` says how often and how
    long a request is retried.

    >>> async with AsyncEvalyard("https://evalyard.example.com", "eyt_0123") as other:
    ...     print(other.target.url)
    https://evalyard.example.com
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        profile: str | None = None,
        patience: Patience = _PATIENCE,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.target: Target = resolve(url, token, profile)
        self.patience = patience
        self._walker = AsyncWalker(self.target, timeout_s, transport)
        self.jobs = AsyncJobs(self)
        self.datasets = AsyncDatasets(self)
        self.usage = AsyncUsage(self)
        self.baselines = AsyncBaselines(self)
        self.devices = AsyncDevices(self)

    async def whoami(self) -> Me:
        """Whose token this is, and what it may do.

        >>> me = await ev.whoami()
        >>> me.user_id, me.scope
        ('ada', 'full')
        """
        return await self.walk(places.whoami(self.patience))

    async def health(self) -> Health:
        """How the service is.

        >>> health = await ev.health()
        >>> health.status in ("ok", "degraded", "down")
        True
        """
        return await self.walk(places.health(self.patience))

    async def walk(self, steps: Steps[T]) -> T:
        """Carry an operation of `evalyard.core` out.

        >>> reply = await ev.walk(places.ping(ev.patience))
        >>> reply.body
        b'{"ok":true}'
        """
        return await self._walker.walk(steps)

    async def close(self) -> None:
        """Close the connections.

        >>> other = AsyncEvalyard("https://evalyard.example.com", "eyt_0123")
        >>> await other.close()
        """
        await self._walker.close()

    async def __aenter__(self) -> AsyncEvalyard:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
