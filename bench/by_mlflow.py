"""Rows sent by MLflow's client: a process of MLflow's own environment."""

import sys
from collections.abc import Iterator
from itertools import islice

import requests
from mlflow import MlflowClient
from mlflow.entities import Metric

from bench.uploads import report, rows

_MEASURED = ("prompt_tokens", "completion_tokens", "latency_ms", "ttft_ms", "gpu_power")
# Of the server: a call takes 1,000 values.
_ROWS_A_CALL = {"whole": 1_000 // len(_MEASURED), "single": 1}


class _Counted(requests.Session):
    """Counts the bytes of the bodies that any session sends."""

    sent = 0

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        _Counted.sent += len(request.body or b"")
        return _SEND(self, request, **options)


_SEND = requests.Session.send


def _send(rows_a_call: int, url: str, number: int) -> int:
    requests.Session.send = _Counted.send  # type: ignore[method-assign]
    client, left = MlflowClient(tracking_uri=url), rows(number)
    while part := list(islice(left, rows_a_call)):
        client.log_batch("0" * 32, metrics=[each for row in part for each in _metrics(row)])
    return _Counted.sent


def _metrics(row: dict[str, float]) -> Iterator[Metric]:
    at_ms = int(row["ts"]) * 1_000
    for name in _MEASURED:
        yield Metric(name, row[name], at_ms, int(row["ts"]) - 1_793_534_400)


if __name__ == "__main__":
    way, port, number = sys.argv[1:]
    report(
        lambda url, number: _send(_ROWS_A_CALL[way], url, number),
        f"http://127.0.0.1:{port}",
        int(number),
    )
