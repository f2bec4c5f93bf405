"""Celery with Redis against jobs: the same no-op work through one queue.

Opt-in (`make bench-celery`): needs `redis-server`, and an environment of its own. Measured
with a Redis that forgets everything when it stops, and with one that syncs each write to
disk, which is what a job's 202 promises.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.report import ROOT
from bench.section import Section
from tests.kit.local_cloud import free_port

_PYTHON = ROOT / ".venv-celery" / "bin" / "python"
_PATIENCE_S = 20
DURABILITIES = {
    "in memory": ("--appendonly", "no"),
    "fsync always": ("--appendonly", "yes", "--appendfsync", "always"),
}
_TITLE = "No-op jobs through Celery and Redis"
_COLUMNS = ("Redis", "what", "jobs", "p50 ms", "p95 ms", "jobs/s")
_NOTE = (
    "Celery 5.7, one queue, prefork; tasks are acknowledged after they ran and none is fetched"
    " in advance, so that a killed worker loses nothing, and results are kept in Redis. The jobs"
    " are sent before the worker starts; jobs/s from the first start to the last end. No HTTP, no"
    " users, no windows, no leases, no dead letters: what a queue costs that is nothing else."
)


def run() -> Section:
    """Rows for each durability."""
    if shutil.which("redis-server") is None:
        raise SystemExit(
            "error: redis-server is not on the PATH (Debian: apt install redis-server)"
        )
    rows = [
        {"Redis": name, **row} for name, flags in DURABILITIES.items() for row in _measured(flags)
    ]
    return Section(_TITLE, _COLUMNS, rows, _NOTE)


def _measured(flags: tuple[str, ...]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _redis(folder, flags) as url:
        done = subprocess.run(
            [str(_PYTHON), "-m", "bench.celery_peer", folder],
            cwd=ROOT,
            env={**os.environ, "BENCH_REDIS": url},
            stdout=subprocess.PIPE,
            check=True,
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _redis(folder: str, flags: tuple[str, ...]) -> Iterator[str]:
    """A Redis of our own on a free port; its URL."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", folder]
    server = subprocess.Popen(
        [*command, "--save", "", "--daemonize", "no", *flags], stdout=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(30)


def _wait(port: int) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("Redis did not answer")
