"""Rows to upload, and what a process takes for it. Imports nothing beyond Python's own."""

import json
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any


def rows(number: int) -> Iterator[dict[str, Any]]:
    """Rows of 8 members, one after the other."""
    for n in range(number):
        yield {
            "ts": 1_793_534_400 + n,
            "device": f"phone-{n % 8}",
            "model": "llama3-8b",
            "prompt_tokens": 50 + n % 100,
            "completion_tokens": 120,
            "latency_ms": 900.0 + n % 700,
            "ttft_ms": 220.5,
            "gpu_power": 45.25,
        }


def report(send: Callable[[str, int], int], url: str, number: int) -> None:
    """Print as JSON what sending so many rows took; `send` gives the bytes that it sent."""
    started, worked = time.perf_counter(), time.process_time()
    sent = send(url, number)
    measured = {
        "rows/s": number / (time.perf_counter() - started),
        "client µs a row": (time.process_time() - worked) / number * 1e6,
        "bytes a row": sent / number,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }
    print(json.dumps(measured))
