"""Jobs on the local cloud: how soon an idle device has one, and how many go through a pool.

Devices are simulated: they pull, claim, complete and delete as a runner does, and run
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
from typing import NamedTuple

import httpx

from bench.idle_device import IdleDevice
from bench.section import Cell, Section
from tests.kit.device import SimulatedDevice
from tests.kit.local_cloud import LocalCloud

ROUNDS, _WARM_UP = 40, 4
_MODEL = "noop"
_CLAIMED_WITHIN_S = 60
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
    "Idle: one device that looks into its two queues and then waits at one of them for a second, "
    "as a runner does; times from the start of the submit. Pools: all jobs are submitted by one "
    "user before the devices start, functions are warm; receive, claim, complete and delete of "
    "each are counted. The local cloud is an emulator on the same processors: its gateway, "
    "authorizer, queues and stores take most of a job."
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
        rows = [row for crowd in CROWDS for row in _rows(admin, user, crowd)]
    return Section(_TITLE, _COLUMNS, rows, _NOTE)


def _rows(admin: httpx.Client, user: httpx.Client, crowd: Crowd) -> Iterator[dict[str, Cell]]:
    with _devices(admin, crowd) as devices:
        if crowd.devices == 1:
            yield from _idle(user, devices[0], crowd.tag)
        yield _crowded(user, devices, crowd)


def _submit(user: httpx.Client, tag: str) -> str:
    body = {"prompt": "Why?", "model": _MODEL, "queue_tag": tag}
    return str(user.post("/api/jobs", json=body).raise_for_status().json()["job_id"])


def _idle(user: httpx.Client, device: SimulatedDevice, tag: str) -> list[dict[str, Cell]]:
    idle = IdleDevice(device)
    with ThreadPoolExecutor(1) as pool:
        pulling = pool.submit(idle.pull)
        try:
            times = [_one(user, idle, tag) for _ in range(_WARM_UP + ROUNDS)][_WARM_UP:]
        finally:
            idle.stopped.set()
        pulling.result()
    names = ("submit → answered", "submit → received", "submit → claimed")
    return [
        {"what": f"idle: {name}", "jobs": ROUNDS, **_spread([each[n] for each in times])}
        for n, name in enumerate(names)
    ]


def _one(user: httpx.Client, idle: IdleDevice, tag: str) -> tuple[float, float, float]:
    """Milliseconds from submitting to its answer, to the message, and to the claim."""
    # At any point of the device's round of polls.
    time.sleep(random.uniform(0.3, 1.7))
    started = time.perf_counter()
    job_id = _submit(user, tag)
    answered = time.perf_counter()
    taken = idle.taken.get(timeout=_CLAIMED_WITHIN_S)
    if taken.job_id != job_id:
        raise RuntimeError(f"the device took {taken.job_id} instead of {job_id}")
    answered_ms, received_ms, claimed_ms = (
        (moment - started) * 1_000 for moment in (answered, taken.received_s, taken.claimed_s)
    )
    return answered_ms, received_ms, claimed_ms


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
