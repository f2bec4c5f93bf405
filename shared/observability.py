"""Structured logs and metrics, made at first use so that importing stays pure."""

from functools import cache

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Evalyard"


@cache
def logger() -> Logger:
    """The process's JSON logger; the service name comes from POWERTOOLS_SERVICE_NAME."""
    return Logger(log_uncaught_exceptions=False)


@cache
def metrics() -> Metrics:
    """The process's metrics, written to the log in CloudWatch's embedded format."""
    return Metrics(namespace=NAMESPACE)


def count(name: str, value: int = 1, *, service: str | None = None) -> None:
    """Write one counted metric at once, under the function's service name or another one.

    Another one is for what several functions count, so that one alarm sees all of it.
    """
    if service is None:
        metrics().add_metric(name=name, unit="Count", value=value)
        metrics().flush_metrics()
        return
    dimensions = {"service": service}
    with single_metric(
        name, MetricUnit.Count, value, namespace=NAMESPACE, default_dimensions=dimensions
    ):
        pass
