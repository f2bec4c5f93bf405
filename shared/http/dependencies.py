"""Dependencies of routes that are plain functions, as most here are."""

import inspect
from collections.abc import Callable
from typing import Any

from fastapi import Depends

# FastAPI knows a dependency by the function that it calls, and calls it once a request.
_coroutines: dict[Callable[..., Any], Callable[..., Any]] = {}


def inline(call: Callable[..., Any]) -> Any:
    """What FastAPI's `Depends` says, of a plain function or a class, without a thread.

    FastAPI hands what is no coroutine to a thread, and each request starts one: that takes more
    than most functions do here, which only read the query. One that waits should be a coroutine.
    """
    return Depends(_coroutines.setdefault(call, _coroutine(call)))


def _coroutine(call: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*args: Any, **values: Any) -> Any:
        return call(*args, **values)

    called.__name__, called.__doc__ = call.__name__, call.__doc__
    called.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]  # FastAPI reads it.
    return called
