"""The peer of `bench.celery`, run by its own interpreter: a Celery application and its driver.

`python -m bench.celery_peer <folder>` prints a row of JSON for each number of
processes. The worker imports this module, too; both find Redis by `BENCH_REDIS`.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from celery import Celery

IDLE_ROUNDS = 40
# Jobs that wait, by the number of processes that then take them.
CROWDS = {1: 1_000, 4: 2_000, 16: 2_000}
_WAIT_S = 120

_REDIS = os.environ.get("BENCH_REDIS")
app = Celery("bench_celery", broker=_REDIS, backend=_REDIS)
# As jobs are: a task that a dying worker held is run again, and none is held in advance.
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)


@app.task(name="noop")
def noop() -> list[float]:
    """When it ran, by the clock that all processes of a machine share."""
    return [time.monotonic(), time.monotonic()]


def main(folder: str) -> None:
    """Measure an idle worker, then crowds."""
    print(json.dumps(_idle(folder)), flush=True)
    for processes, jobs in CROWDS.items():
        print(json.dumps(_crowd(folder, processes, jobs)), flush=True)


def _idle(folder: str) -> dict[str, Any]:
    worker = _worker(folder, 1)
    try:
        noop.delay().get(timeout=_WAIT_S)
        waits = []
        for _ in range(IDLE_ROUNDS):
            time.sleep(random.uniform(0.05, 0.3))
            sent = time.monotonic()
            waits.append((noop.delay().get(timeout=_WAIT_S)[0] - sent) * 1_000)
    finally:
        _stop(worker)
    p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    return {"what": "submit → started, idle", "jobs": IDLE_ROUNDS, "p50 ms": p50, "p95 ms": p95}


def _crowd(folder: str, processes: int, jobs: int) -> dict[str, Any]:
    """Jobs a second from the first start to the last end, all sent before."""
    sent = [noop.delay() for _ in range(jobs)]
    worker = _worker(folder, processes)
    try:
        times = [result.get(timeout=_WAIT_S) for result in sent]
    finally:
        _stop(worker)
    took = max(end for _, end in times) - min(start for start, _ in times)
    return {"what": f"worker with {processes} in parallel", "jobs": jobs, "jobs/s": jobs / took}


def _worker(folder: str, processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "bench.celery_peer", "worker"]
    command += ["--concurrency", str(processes), "--loglevel", "ERROR"]
    with (Path(folder) / "worker.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _stop(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    worker.wait(60)


if __name__ == "__main__":
    main(sys.argv[1])
