"""Jobs on the local cloud: how soon an idle device has one, and how many go through a pool.

The devices of pools are simulated: they pull, claim, complete and delete as a runner does, and run
nothing. The local cloud is one emulator on this machine, so a job's time is mostly its.
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import httpx

from bench.floor import jobs_per_second
from bench.section import Cell, Section
from tests.kit.device import SimulatedDevice
from tests.kit.local_cloud import LocalCloud, until
from tests.kit.phones import Phone
from tests.runner.kit.model import FakeModel, content, usage

ROUNDS, _WARM_UP = 40, 4
_MODEL = "noop"
_IDLE_MODEL = "idle"
_BEGUN_WITHIN_S = 60
_SUBMITTERS = 4


class Crowd(NamedTuple):
    """Jobs that wait in a pool, and the devices that then take them."""

    tag: str
    devices: int
    jobs: int


# A pool of its own for each, so that no device of another looks into it.
CROWDS = (Crowd("short", 1, 40), Crowd("default", 4, 80), Crowd("long", 16, 160))
_TITLE = "No-op jobs on the local cloud"
_COLUMNS = ("what", "jobs", "p50 ms", "p95 ms", "jobs/s")
_NOTE = (
    "Idle: one runner, a process, that hears of jobs over the broker, and a model that answers at "
    "once; times from the start of the submit. Pools: all jobs are submitted by one "
    "user before the devices start, functions are warm; receive, claim, complete and delete of "
    "each are counted. The local cloud is an emulator on the same processors: its gateway, "
    "authorizer, queues and stores take most of a job. Plain botocore: a function without any of "
    "our code makes the AWS calls of claiming and completing a job on the same emulator, with the "
    "polls and the two requests of the device; no authorizer, no runs to fold."
)


def run() -> Section:
    """Rows: an idle device, then pools."""
    # Devices are simulated.
    os.environ.setdefault("EVALYARD_MODEL", "none")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        cloud = LocalCloud(Path(folder) / "home")
        cloud.start()
        stack.callback(cloud.stop)
        admin, user = (
            stack.enter_context(cloud.client(token)) for token in ("admin_token", "user_token")
        )
        rows = _idle(admin, user)
        rows += [row for crowd in CROWDS for row in _rows(admin, user, crowd)]
        crowd = CROWDS[-1]
        plain = jobs_per_second(cloud, crowd.devices, crowd.jobs)
        what = f"the same calls by plain botocore, {crowd.devices} at once"
        rows.append({"what": what, "jobs": crowd.jobs, "jobs/s": plain})
    return Section(_TITLE, _COLUMNS, rows, _NOTE)


def _rows(admin: httpx.Client, user: httpx.Client, crowd: Crowd) -> Iterator[dict[str, Cell]]:
    with _devices(admin, crowd) as devices:
        yield _crowded(user, devices, crowd)


def _submit(user: httpx.Client, tag: str, model: str = _MODEL) -> str:
    body = {"prompt": "Why?", "model": model, "queue_tag": tag}
    return str(user.post("/api/jobs", json=body).raise_for_status().json()["job_id"])


def _idle(admin: httpx.Client, user: httpx.Client) -> list[dict[str, Cell]]:
    """A real runner, which hears of jobs over the broker, and a model that answers at once."""
    asked: SimpleQueue[float] = SimpleQueue()

    def answer(_: dict[str, Any]) -> Iterator[Any]:
        asked.put(time.perf_counter())
        yield content("Because.", "stop")
        yield usage()
        yield "data: [DONE]\n\n"

    with FakeModel(answer) as model, Phone(admin, "bench-idle", _IDLE_MODEL, model.url) as phone:
        until(lambda: "broker_connected" in phone.printed, "it hears of jobs")
        times = [_one(user, asked) for _ in range(_WARM_UP + ROUNDS)][_WARM_UP:]
    return [
        {"what": f"idle: {name}", "jobs": ROUNDS, **_spread([each[n] for each in times])}
        for n, name in enumerate(("submit → answered", "submit → the model is asked"))
    ]


def _one(user: httpx.Client, asked: "SimpleQueue[float]") -> tuple[float, float]:
    """Milliseconds from submitting to its answer, and to the model's work."""
    # At any point of what an idle runner does.
    time.sleep(random.uniform(1.5, 3.5))
    started = time.perf_counter()
    _submit(user, "default", _IDLE_MODEL)
    answered = time.perf_counter()
    begun = asked.get(timeout=_BEGUN_WITHIN_S)
    return (answered - started) * 1_000, (begun - started) * 1_000


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "p50 ms": statistics.median(values),
        "p95 ms": statistics.quantiles(values, n=20, method="inclusive")[-1],
    }


def _crowded(user: httpx.Client, devices: list[SimulatedDevice], crowd: Crowd) -> dict[str, Cell]:
    # As many functions as devices at once are started by these, not by what is measured.
    _seconds(user, devices, crowd.tag, 2 * crowd.devices)
    took = _seconds(user, devices, crowd.tag, crowd.jobs)
    what = f"pool with {crowd.devices} device{'s' if crowd.devices > 1 else ''}"
    return {"what": what, "jobs": crowd.jobs, "jobs/s": crowd.jobs / took}


def _seconds(user: httpx.Client, devices: list[SimulatedDevice], tag: str, jobs: int) -> float:
    with ThreadPoolExecutor(_SUBMITTERS) as pool:
        wanted = set(pool.map(lambda _: _submit(user, tag), range(jobs)))
    done: list[str] = []

    def work(device: SimulatedDevice) -> None:
        while len(done) < jobs:
            job_id = device.run_one()
            if job_id is not None:
                done.append(job_id)

    with ThreadPoolExecutor(len(devices)) as pool:
        started = time.perf_counter()
        list(pool.map(work, devices))
        took = time.perf_counter() - started
    if sorted(done) != sorted(wanted):
        raise RuntimeError(f"{len(done)} runs of {len(set(done))} jobs, {len(wanted)} were sent")
    return took


@contextmanager
def _devices(admin: httpx.Client, crowd: Crowd) -> Iterator[list[SimulatedDevice]]:
    fields = {"models": [_MODEL], "queue_tags": [crowd.tag]}
    made = [
        SimulatedDevice.register(admin, f"bench-{crowd.tag}-{number}", **fields)
        for number in range(crowd.devices)
    ]
    try:
        yield made
    finally:
        for device in made:
            device.close()
