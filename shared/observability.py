"""Structured logs and metrics, made at first use so that importing stays pure."""

from functools import cache
from typing import Literal

from shared.config import service_name, stack_name
from shared.log_lines import EventLogger

NAMESPACE = "Evalyard"


@cache
def logger() -> EventLogger:
    """The process's JSON logger; the service name comes from POWERTOOLS_SERVICE_NAME."""
    return EventLogger()


def count(name: str, value: int = 1, *, service: str | None = None) -> None:
    """Write one counted metric at once, under the function's service name or another one.

    Another one is for what several functions count, so that one alarm sees all of it. The stack
    is a dimension too, so that the alarms of one stack never count what another did.
    """
    dimensions = {"stack": stack_name(), "service": service or service_name()}
    _write(name, "Count", value, dimensions)


def gauge_s(name: str, seconds: float, *, service: str, **dimensions: str) -> None:
    """Write how long something takes, at once."""
    named = {"stack": stack_name(), "service": service, **dimensions}
    _write(name, "Seconds", seconds, named)


def _write(
    name: str, unit: Literal["Count", "Seconds"], value: float, dimensions: dict[str, str]
) -> None:
    # Most requests count nothing.
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(
        name, MetricUnit(unit), value, namespace=NAMESPACE, default_dimensions=dimensions
    ):
        pass
