"""Coroutines in tests that also call FastAPI apps through Mangum."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def finish(coroutine: Coroutine[Any, Any, T], within_s: float = 30) -> T:
    """What it returns. Its loop is its own: `asyncio.run` would take away the thread's, which
    Mangum keeps and nothing would close.
    """
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(coroutine, within_s))
