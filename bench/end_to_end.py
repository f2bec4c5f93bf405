"""Appends over HTTP: the whole system on the local cloud against a FastAPI and SQLite server.

The local cloud is API Gateway, authorizer, function, DynamoDB and S3 of one emulator on
this machine, so this measures the emulator above all; the peer writes to one file. Both
get the same bodies over one keep-alive connection, by turns.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.load import ADAPTER, body
from bench.section import Section
from tests.kit.local_cloud import LocalCloud, free_port, until

SIZES = {1: 30, 100: 30, 1_000: 20, 5_000: 10}
_ROOT = Path(__file__).resolve().parents[1]
_PATH = "/user/data/append_jsonl"


def run() -> Section:
    """Calls by turns; medians of their times."""
    # Appends need no device.
    os.environ.setdefault("EVALYARD_MODEL", "none")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        _peer(Path(folder)) as peer,
        _cloud(Path(folder)) as cloud,
    ):
        rows = [_measured(size, rounds, cloud, peer) for size, rounds in SIZES.items()]
    return Section(
        "Appends end to end, compared with FastAPI + pydantic + SQLite",
        ("rows a call", "local cloud ms", "peer ms", "local cloud rows/s", "peer rows/s"),
        rows,
        "The local cloud is an emulator: its gateway, authorizer and stores take most of a call.",
    )


def _measured(
    size: int, rounds: int, cloud: httpx.Client, peer: httpx.Client
) -> dict[str, str | int | float | None]:
    content = body(size)
    took: dict[str, list[float]] = {"local cloud": [], "peer": []}
    for round_number in range(rounds + 2):
        for name, client in (("local cloud", cloud), ("peer", peer)):
            started = time.perf_counter()
            _append(client, content, size)
            if round_number >= 2:
                took[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in took.items()}
    speeds = {f"{name} rows/s": round(size / median) for name, median in medians.items()}
    times = {f"{name} ms": median * 1_000 for name, median in medians.items()}
    return {"rows a call": size, **times, **speeds}


def _append(client: httpx.Client, content: str, size: int) -> None:
    answer = client.post(_PATH, content=content, headers={"Content-Type": "application/json"})
    answer.raise_for_status()
    if answer.json()["appended"] != size:
        raise RuntimeError(answer.text)


@contextmanager
def _cloud(folder: Path) -> Iterator[httpx.Client]:
    cloud = LocalCloud(folder / "home")
    cloud.start()
    try:
        with cloud.client() as client:
            saved = {name: value for name, value in ADAPTER.document().items() if value is not None}
            del saved["version"], saved["updated_at"]
            client.post("/user/data/save_adapter", json=saved).raise_for_status()
            yield client
    finally:
        cloud.stop()


@contextmanager
def _peer(folder: Path) -> Iterator[httpx.Client]:
    port = free_port()
    command = [sys.executable, "-m", "bench.peer", str(folder / "peer.db"), str(port)]
    process = subprocess.Popen(command, cwd=_ROOT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            until(lambda: _answers(client), "the peer answers")
            yield client
    finally:
        process.terminate()
        process.wait()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/openapi.json").is_success
    except httpx.TransportError:
        return False
