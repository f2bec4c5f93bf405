"""Everything that was answered is there when all of the local cloud was killed, again and again."""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.kit.device import SimulatedDevice
from tests.kit.local_cloud import LocalCloud, until

# `make test-nightly` kills it ten times.
KILLS = int(os.environ.get("EVALYARD_KILLS", "1"))
SEED = int(os.environ.get("EVALYARD_SEED", "11"))
GIB = 1024**3
TS = 1764784800
WINDOW = {"from": "2025-12-03", "to": "2025-12-04"}


@dataclass
class Writer:
    """Sends one kind of request again and again, and notes what was answered 2xx."""

    token: str
    path: str
    body: Callable[[str], Any]
    sent: list[str] = field(default_factory=list)
    noted: dict[str, Any] = field(default_factory=dict)
    refused: list[httpx.Response] = field(default_factory=list)

    def write(self, cloud: LocalCloud, over: threading.Event) -> None:
        """Until it is over. What ends without an answer may have come true or not."""
        with cloud.client(self.token) as client:
            while not over.wait(0.2):
                name = f"k-{uuid4().hex[:12]}"
                self.sent.append(name)
                try:
                    answer = client.post(self.path, json=self.body(name))
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    self.noted[name] = answer.json()
                elif answer.status_code < 500 and answer.status_code != 429:
                    self.refused.append(answer)


@contextmanager
def writing(cloud: LocalCloud, writers: list[Writer]) -> Iterator[None]:
    """All writers at work."""
    over = threading.Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        working = [pool.submit(each.write, cloud, over) for each in writers]
        try:
            yield
        finally:
            over.set()
        for each in working:
            each.result()


@pytest.mark.timeout(3600)
def test_what_was_answered_is_there_once_when_all_was_killed_under_load(
    cloud: LocalCloud,
) -> None:
    dataset, tag = f"d-{uuid4().hex[:8]}", f"t-{uuid4().hex[:8]}"
    with cloud.client() as demo:
        demo.post("/user/data/save_adapter", json={"dataset": dataset}).raise_for_status()
        serial = cloud.announced["device_serial"]
        model = demo.get(f"/devices/{serial}").json()["models"][0]
    rows = Writer(
        *("user_token", "/user/data/append_jsonl"),
        lambda name: {"dataset": dataset, "rows": [{"name": name, "ts": TS, "latency_ms": 5}]},
    )
    imports = Writer(
        *("user_token", "/usage/import"),
        lambda name: [{"run_id": name, "ts": TS, "tag": tag, "latency_ms": 7}],
    )
    jobs = Writer(
        *("user_token", "/api/jobs"),
        lambda _: {"prompt": "Hi", "model": model, "tag": tag, "options": {"num_predict": 2}},
    )
    users = Writer("admin_token", "/accounts/users", lambda name: {"user_id": name})
    # Of a model that no job asks for, so that their queues stay empty.
    devices = Writer(
        "admin_token", "/devices/register", lambda name: {"serial": name, "models": ["none"]}
    )
    writers = [rows, imports, jobs, users, devices]
    moments = random.Random(SEED)

    for _ in range(KILLS):
        before = [len(each.noted) for each in writers]
        with writing(cloud, writers):
            until(partial(_all_wrote, writers, before), "each was answered", 120)
            sleep(moments.uniform(0, 8))
            cloud.kill()
        cloud.start()

    assert [answer.text for each in writers for answer in each.refused] == []
    with cloud.client() as demo:
        check_rows(demo, dataset, rows)
        check_imports(demo, tag, imports)
        check_jobs(demo, tag, jobs)
    check_users(cloud, users)
    check_devices(cloud, devices)


def _all_wrote(writers: list[Writer], before: list[int]) -> bool:
    return all(len(each.noted) > count for each, count in zip(writers, before, strict=True))


def check_rows(demo: httpx.Client, dataset: str, rows: Writer) -> None:
    """Each accepted row is there once, none twice, and each gave one run."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = demo.get("/user/data/get", params={"dataset": dataset, "limit": 1000, **cursor})
        found += [row["name"] for row in page.json()["data"]]
        if not page.json()["next_cursor"]:
            break
        cursor = {"cursor": page.json()["next_cursor"]}
    summary = demo.get("/usage/summary", params={**WINDOW, "dataset": dataset}).json()
    assert [name for name, times in Counter(found).items() if times > 1] == []
    assert set(rows.noted) <= set(found) <= set(rows.sent)
    assert summary["runs"] == len(found)


def check_imports(demo: httpx.Client, tag: str, imports: Writer) -> None:
    """Each accepted run is known, and none is there twice."""
    counted = demo.get("/usage/summary", params={**WINDOW, "tag": tag}).json()["runs"]
    noted = [imports.body(name)[0] for name in imports.noted]
    # An import that was killed holds its user's turn for half a minute.
    again = until(partial(_imported, demo, noted), "it is this import's turn")
    assert again["duplicates"] == len(noted)
    assert len(imports.noted) <= counted <= len(imports.sent)


def _imported(demo: httpx.Client, runs: list[Any]) -> dict[str, Any] | None:
    answer = demo.post("/usage/import", json=runs)
    return answer.json() if answer.is_success else None


def check_jobs(demo: httpx.Client, tag: str, jobs: Writer) -> None:
    """Each accepted job ends, and gives one run; those that were not answered too."""
    wanted = {answer["job_id"] for answer in jobs.noted.values()}

    def listed() -> dict[str, str]:
        answer = demo.get("/api/jobs", params={"tag": tag, "limit": 1000}).json()["data"]
        return {job["job_id"]: job["status"] for job in answer}

    until(lambda: set(listed().values()) == {"succeeded"}, "all jobs have run", 600, every_s=2)
    assert wanted <= set(listed())
    runs = demo.get("/usage/summary", params={"tag": tag, "source_kind": "job"}).json()["runs"]
    assert runs == len(listed())


def check_users(cloud: LocalCloud, users: Writer) -> None:
    """Each token that was given out works."""
    for name, answer in users.noted.items():
        with cloud.client(answer["token"]) as user:
            assert user.get("/accounts/me").json()["user_id"] == name


def check_devices(cloud: LocalCloud, devices: Writer) -> None:
    """Each device's token works, and so do its queues."""
    for name, answer in devices.noted.items():
        with cloud.client(answer["device_token"], "X-Device-Token") as http:
            device = SimulatedDevice(name, http)
            device.open_session()
            assert len(device.queues) == 2
            assert device.receive() is None
            device.sqs.close()


def test_cloud_goes_on_by_itself_when_only_the_local_aws_was_killed(
    cloud: LocalCloud, demo: httpx.Client
) -> None:
    dataset = f"d-{uuid4().hex[:8]}"
    row = {"dataset": dataset, "rows": [{"a": 1}]}
    demo.post("/user/data/append_jsonl", json=row).raise_for_status()

    for process in cloud.programs("local.emulator"):
        process.kill()
    until(lambda: "MiniStack runs again" in cloud.printed(), "it is started again")

    answer = until(partial(_rows, demo, dataset), "it answers")
    assert [each["a"] for each in answer] == [1]
    assert "MiniStack was killed by SIGKILL; starting it again" in cloud.printed()


def _rows(demo: httpx.Client, dataset: str) -> list[dict[str, Any]] | None:
    answer = demo.get("/user/data/get", params={"dataset": dataset})
    return answer.json()["data"] if answer.status_code == 200 else None


def test_device_is_started_again_when_it_was_killed(cloud: LocalCloud) -> None:
    (runner,) = cloud.programs("evalyard-runner")

    runner.kill()

    until(lambda: "runner runs again" in cloud.printed(), "it is started again", 180)
    assert [each.pid for each in cloud.programs("evalyard-runner")] != [runner.pid]


CALLS = (
    *("/accounts/me", "/user/data/list", "/usage/summary?minutes=60", "/api/jobs", "/devices"),
    *("/usage?minutes=60", "/accounts/tokens", "/jobs/dlq"),
)


@pytest.mark.timeout(900)
def test_memory_comes_back_when_functions_die_in_bursts(
    cloud: LocalCloud, demo: httpx.Client
) -> None:
    # Cold starts of thirty calls take their time on two busy cores.
    demo.timeout = 180
    for path in CALLS:
        demo.get(path).raise_for_status()
    before, peaks = cloud.memory_bytes(), [0]

    for _ in range(10 if KILLS > 2 else 2):
        with ThreadPoolExecutor(30) as pool:
            calls = [pool.submit(demo.get, CALLS[n % len(CALLS)]) for n in range(30)]
            killed = 0
            while not all(each.done() for each in calls):
                peaks.append(cloud.memory_bytes())
                if killed == 0 and sum(each.done() for each in calls) >= 8:
                    for process in cloud.programs("_worker.py"):
                        process.kill()
                        killed += 1
                sleep(0.2)
        assert killed > 0
        assert {each.result().status_code for each in calls} <= {200, 429, 500, 502, 503, 504}

    assert max(peaks) < 3 * GIB
    until(lambda: cloud.memory_bytes() < before + GIB // 4, "memory is back", 90, every_s=1)
