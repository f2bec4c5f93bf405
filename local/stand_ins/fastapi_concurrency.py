"""In the place of `fastapi.concurrency`: every dependency of ours is a plain coroutine.

FastAPI keeps there what it needs for dependencies that are run in threads, cleaned up after, or
limited in number, and imports anyio's locks for it.
"""

import contextlib
from typing import Any, NoReturn

asynccontextmanager = contextlib.asynccontextmanager


class _DependencyConcurrency:
    """What a dependency that is limited in number would have."""


def contextmanager_in_threadpool(_: Any) -> NoReturn:
    """For a dependency that yields."""
    raise NotImplementedError("every dependency is a coroutine")


def _asynccontextmanager_with_shielded_exit(*_: Any) -> NoReturn:
    contextmanager_in_threadpool(_)


def _contextmanager_with_concurrency_limit(*_: Any) -> NoReturn:
    contextmanager_in_threadpool(_)
