"""FastAPI's telemetry, which `create_app` turns off, for an app that nothing listens to."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

_NO_OPERATION = nullcontext()


class TelemetryConfig(dict[str, Any]):
    """What an app says of its telemetry."""


class TelemetryData:
    """What listeners would see of a request."""


def get_telemetry_data(_: object = None) -> TelemetryData | None:
    """There is none."""


def _operation(**_: object) -> AbstractContextManager[None]:
    return _NO_OPERATION


def _run_sync_endpoint(*, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return function(**arguments)


def _route_selected(**_: object) -> None:
    pass


def _validation_failed(_: object) -> None:
    pass
