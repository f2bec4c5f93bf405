"""A deployment, of which all the rest is asked.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

import httpx

from evalyard.client.baselines import Baselines
from evalyard.client.datasets import Datasets
from evalyard.client.devices import Devices
from evalyard.client.jobs import Jobs
from evalyard.client.usage import Usage
from evalyard.core import places
from evalyard.core.sending import Patience
from evalyard.core.wire import Steps
from evalyard.models import Health, Me
from evalyard.settings import Target, resolve
from evalyard.transport import TIMEOUT_S, Walker

T = TypeVar("T")
_PATIENCE = Patience()


class Evalyard:
    """A deployment of Evalyard, as one user.

    Without arguments: `EVALYARD_URL` and `EVALYARD_TOKEN`, else a profile of `evalyard login`,
    else a local cloud that runs in this folder or one above. `patience` says how often and how
    long a request is retried.

    >>> with Evalyard("https://evalyard.example.com", "eyt_0123") as other:
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.target: Target = resolve(url, token, profile)
        self.patience = patience
        self._walker = Walker(self.target, timeout_s, transport)
        self.jobs = Jobs(self)
        self.datasets = Datasets(self)
        self.usage = Usage(self)
        self.baselines = Baselines(self)
        self.devices = Devices(self)

    def whoami(self) -> Me:
        """Whose token this is, and what it may do.

        >>> me = ev.whoami()
        >>> me.user_id, me.scope
        ('ada', 'full')
        """
        return self.walk(places.whoami(self.patience))

    def health(self) -> Health:
        """How the service is.

        >>> health = ev.health()
        >>> health.status in ("ok", "degraded", "down")
        True
        """
        return self.walk(places.health(self.patience))

    def walk(self, steps: Steps[T]) -> T:
        """Carry an operation of `evalyard.core` out.

        >>> reply = ev.walk(places.ping(ev.patience))
        >>> reply.body
        b'{"ok":true}'
        """
        return self._walker.walk(steps)

    def close(self) -> None:
        """Close the connections.

        >>> other = Evalyard("https://evalyard.example.com", "eyt_0123")
        >>> other.close()
        """
        self._walker.close()

    def __enter__(self) -> Evalyard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
