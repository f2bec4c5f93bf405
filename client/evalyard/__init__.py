"""The Python SDK of Evalyard: `Evalyard` and, for asyncio, `AsyncEvalyard`.

Names are imported when they are first asked for, so that the command starts fast.
"""

from __future__ import annotations

# Importing `typing` would take longer than all the rest of `evalyard --version`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from evalyard.aio import AsyncEvalyard, AsyncJob
    from evalyard.client import Evalyard, Job
    from evalyard.core.appending import AppendReport, RowVerdict
    from evalyard.core.pushing import PushReport
    from evalyard.errors import (
        ApiError,
        AppendInterrupted,
        ConfigurationError,
        Conflict,
        EvalyardError,
        Forbidden,
        Invalid,
        JobFailed,
        NotFound,
        OutOfReach,
        RateLimited,
        ServerError,
        TooLarge,
        Unauthorized,
        UnreadableAnswer,
        WaitTimeout,
    )

__version__ = "0.1.0"

_PLACES = {
    "AsyncEvalyard": "aio",
    "AsyncJob": "aio",
    "Evalyard": "client",
    "Job": "client",
    "AppendReport": "core.appending",
    "PushReport": "core.pushing",
    "RowVerdict": "core.appending",
}

__all__ = [
    "ApiError",
    "AppendInterrupted",
    "AppendReport",
    "AsyncEvalyard",
    "AsyncJob",
    "ConfigurationError",
    "Conflict",
    "Evalyard",
    "EvalyardError",
    "Forbidden",
    "Invalid",
    "Job",
    "JobFailed",
    "NotFound",
    "OutOfReach",
    "PushReport",
    "RateLimited",
    "RowVerdict",
    "ServerError",
    "TooLarge",
    "Unauthorized",
    "UnreadableAnswer",
    "WaitTimeout",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'evalyard' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"evalyard.{_PLACES.get(name, 'errors')}"), name)
