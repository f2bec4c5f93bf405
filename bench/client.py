"""Uploads by the SDK, and by `requests` as one writes it by hand, to a server that keeps nothing.

Each way is a process of its own, by turns, so that its CPU time and its memory are its own.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import requests

from bench.report import ROOT
from bench.section import Section
from bench.uploads import report, rows
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
    found = by_turns({name: way_of(name) for name in _WAYS})
    shown = [row | {"MB sent": row["bytes a row"] * ROWS / 2**20} for row in found]
    return Section(_TITLE, _COLUMNS, shown, _NOTE)


def way_of(name: str) -> list[str]:
    """The command that measures a way, without the server's port, which comes before the rows."""
    return [sys.executable, "-m", "bench.client", name, "PORT", str(ROWS)]


def by_turns(commands: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The medians of what some ways take, each by turns and to the same server."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)], cwd=ROOT)
    try:
        until(lambda: _answers(port), "the server answers")
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
        for _ in range(_ROUNDS):
            for name, command in commands.items():
                found[name].append(_measured(command, port))
    finally:
        server.terminate()
        server.wait()
    return [_medians(name, seen) for name, seen in found.items()]


def _measured(command: Sequence[str], port: int) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": "client"}
    done = subprocess.run(
        [str(port) if each == "PORT" else each for each in command],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
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


def _by_sdk(url: str, number: int) -> int:
    from evalyard import Evalyard

    with Evalyard(url, "eyt_x") as ev:
        outcome = ev.datasets.append("d", rows(number))
    if outcome.appended != number:
        raise RuntimeError(outcome)
    return outcome.bytes_sent


def _by_hand(url: str, number: int) -> int:
    sent, left = 0, rows(number)
    with requests.Session() as session:
        while part := list(islice(left, _A_CALL)):
            answer = session.post(url + _PATH, json={"dataset": "d", "rows": part}, timeout=60)
            answer.raise_for_status()
            sent += int(answer.request.headers["Content-Length"])
    return sent


def _by_hand_with_gzip(url: str, number: int) -> int:
    sent, left = 0, rows(number)
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    with requests.Session() as session:
        while part := list(islice(left, _A_CALL)):
            body = gzip.compress("\n".join(map(json.dumps, part)).encode())
            query = {"dataset": "d"}
            answer = session.post(url + _PATH, body, params=query, headers=headers, timeout=60)
            answer.raise_for_status()
            sent += len(body)
    return sent


_WAYS: dict[str, Callable[[str, int], int]] = {
    "evalyard SDK": _by_sdk,
    "requests, JSON": _by_hand,
    "requests, lines with gzip": _by_hand_with_gzip,
}


if __name__ == "__main__":
    name, port, number = sys.argv[1:]
    report(_WAYS[name], f"http://127.0.0.1:{port}", int(number))
