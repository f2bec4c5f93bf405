"""Uploads by the SDK, and by `requests` as one writes it by hand, to a server that keeps nothing.

Each way is a process of its own, by turns, so that its CPU time and its memory are its own.
"""

import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import requests

from bench.report import ROOT
from bench.section import Section
from tests.kit.local_cloud import free_port, until

ROWS = 200_000
_ROUNDS = 3
_A_CALL = 10_000
_PATH = "/user/data/append_jsonl"
_TITLE = "Uploads of 200,000 rows: the SDK, and requests by hand"
_COLUMNS = ("what", "rows/s", "client µs a row", "MB sent", "peak MB")
_NOTE = (
    "A server on loopback that inflates, counts and keeps nothing; rows of 8 members from a"
    " generator. By hand: 10,000 rows a call, as JSON, or as lines with gzip.compress as it is."
    " The SDK also names every refused row, gives each part a key under which it is stored once,"
    " and goes on where it was cut. Medians of three; peak: all of the process, Python's 20 MB too."
)


def run() -> Section:
    """One row for each way."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)], cwd=ROOT)
    try:
        until(lambda: _answers(port), "the server answers")
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in _WAYS}
        for _ in range(_ROUNDS):
            for name in found:
                found[name].append(_measured(name, port))
    finally:
        server.terminate()
        server.wait()
    return Section(_TITLE, _COLUMNS, [_medians(name, seen) for name, seen in found.items()], _NOTE)


def _measured(name: str, port: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.client", name, str(port)]
    environment = {**os.environ, "PYTHONPATH": "client"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _medians(name: str, seen: list[dict[str, Any]]) -> dict[str, Any]:
    medians = {each: statistics.median(one[each] for one in seen) for each in seen[0]}
    return {"what": name, **medians, "rows/s": round(medians["rows/s"])}


def _answers(port: int) -> bool:
    try:
        return requests.post(f"http://127.0.0.1:{port}", json={"rows": []}, timeout=5).ok
    except requests.ConnectionError:
        return False


def _rows() -> Iterator[dict[str, Any]]:
    for n in range(ROWS):
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


def _by_sdk(url: str) -> int:
    from evalyard import Evalyard

    with Evalyard(url, "eyt_x") as ev:
        report = ev.datasets.append("d", _rows())
    if report.appended != ROWS:
        raise RuntimeError(report)
    return report.bytes_sent


def _by_hand(url: str) -> int:
    sent, rows = 0, _rows()
    with requests.Session() as session:
        while part := list(islice(rows, _A_CALL)):
            answer = session.post(url + _PATH, json={"dataset": "d", "rows": part}, timeout=60)
            answer.raise_for_status()
            sent += int(answer.request.headers["Content-Length"])
    return sent


def _by_hand_with_gzip(url: str) -> int:
    sent, rows = 0, _rows()
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    with requests.Session() as session:
        while part := list(islice(rows, _A_CALL)):
            body = gzip.compress("\n".join(map(json.dumps, part)).encode())
            query = {"dataset": "d"}
            answer = session.post(url + _PATH, body, params=query, headers=headers, timeout=60)
            answer.raise_for_status()
            sent += len(body)
    return sent


_WAYS: dict[str, Callable[[str], int]] = {
    "evalyard SDK": _by_sdk,
    "requests, JSON": _by_hand,
    "requests, lines with gzip": _by_hand_with_gzip,
}


def _main(name: str, port: str) -> None:
    """What one way took, as JSON on stdout."""
    started, worked = time.perf_counter(), time.process_time()
    sent = _WAYS[name](f"http://127.0.0.1:{port}")
    measured = {
        "rows/s": ROWS / (time.perf_counter() - started),
        "client µs a row": (time.process_time() - worked) / ROWS * 1e6,
        "MB sent": sent / 2**20,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    _main(*sys.argv[1:])
