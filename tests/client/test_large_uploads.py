"""A large upload in bounded memory, cut three times: each row is stored once."""

import gzip
import tracemalloc
from collections.abc import Iterator

import httpx
import pytest
from evalyard import AppendInterrupted, Evalyard
from evalyard.core.sending import Patience

# A part is at most 5 MB, which is there as lines, joined and compressed.
MEMORY_BYTES = 32 * 2**20


class Service:
    """Counts rows by the key of their part, and loses three answers."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self.calls = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        rows = gzip.decompress(request.content).count(b"\n") + 1
        self.stored[request.headers["idempotency-key"]] = rows
        if self.calls in (1, 3, 4):
            raise httpx.ReadError("reset")
        counts = {"received": rows, "appended": rows, "rejected": 0, "errors_truncated": False}
        return httpx.Response(200, json={"dataset": "d", "batch_id": "bat_1", **counts})


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "rows", [50_000, pytest.param(1_000_000, marks=pytest.mark.nightly)], ids=str
)
def test_each_row_is_stored_once_in_bounded_memory_when_it_is_cut_three_times(rows) -> None:
    service = Service()
    ev = Evalyard(
        "https://x.io",
        "eyt_x",
        transport=httpx.MockTransport(service.answer),
        patience=Patience(retries=0),
    )

    tracemalloc.start()
    resume, cuts = None, 0
    while True:
        try:
            ev.datasets.append("d", _rows(rows), resume=resume)
            break
        except AppendInterrupted as error:
            resume, cuts = error.resume, cuts + 1
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (cuts, sum(service.stored.values())) == (3, rows)
    assert peak_bytes < MEMORY_BYTES


def _rows(number: int) -> Iterator[dict[str, object]]:
    return ({"ts": 1_793_534_400 + n, "model": "m", "latency_ms": 900.0 + n} for n in range(number))
