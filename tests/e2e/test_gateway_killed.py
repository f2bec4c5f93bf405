"""Devices, functions, the local AWS with its broker, and clients are killed at random under calls:
each answered call is one run, and in the end no seat is left and no device stuck.
"""

import json
import logging
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, sleep
from typing import Any, Final

import httpx
import psutil
import pytest

from tests.kit.local_cloud import LocalCloud, until
from tests.kit.phones import Phone
from tests.runner.kit.model import FakeModel, content, usage

# `make test-nightly` goes on for an hour. CI leaves it out: there each kind has a test of its own
# (tests/functions/gateway/test_real_runners.py, tests/shared/gateway/test_faults.py,
# tests/runner/test_calls.py, tests/e2e/test_gateway.py).
KILLS_S: Final = int(os.environ.get("EVALYARD_KILLS_S", "45"))
SEED: Final = int(os.environ.get("EVALYARD_SEED", "11"))
MODEL: Final = "mortal"
CALLERS: Final = 4
KINDS: Final = {"_device", "_frozen", "_function", "_broker", "client"} if KILLS_S >= 300 else set()
LEAST_KILLS: Final = 2
# Of functions: of a call under way, and of those that are not done yet with one whose client left.
MOST_PROCESSES: Final = 4 * CALLERS
# Short, because a seat whose function died is kept for so long, and two minutes more.
WAITS: Final = {"max_wait_s": 5, "timeout_s": 10}
# `make run` starts what ends again five times in ten minutes, and not for ever (local/watching.py).
_BROKER_EVERY_S: Final = 130.0
_A_TAG_FOR: Final = 200


def written(body: dict[str, Any]) -> Iterator[float | str | dict[str, Any]]:
    """An answer of a second."""
    yield 0.1
    for number in range(12):
        yield content(f"{number} ")
        yield 0.07
    yield content("", finish_reason="stop")
    yield usage(completion=12)
    yield "data: [DONE]\n\n"


@dataclass
class Calls:
    """Calls one after the other, some of which are left in the middle."""

    number: int
    answered: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    tags: set[str] = field(default_factory=set)

    def make(self, cloud: LocalCloud, over: threading.Event) -> None:
        """Until it is over."""
        chance = random.Random(SEED + self.number)
        with cloud.client("api_key", "X-Api-Key") as client:
            while not over.wait(chance.uniform(0, 0.5)):
                tag = f"killed-{self.number}-{self.ended.total() // _A_TAG_FOR}"
                self.tags.add(tag)
                body = {"model": MODEL, "prompt": "Count.", "tag": tag, **WAITS}
                ask = chance.choice((self._whole, self._streamed, self._left))
                try:
                    self.ended[ask(client, body)] += 1
                except httpx.HTTPError:
                    self.ended["broken"] += 1

    def _whole(self, client: httpx.Client, body: dict[str, Any]) -> str:
        answer = client.post("/ask", json=body)
        if answer.status_code == 200:
            self.answered.append(answer.json()["run_id"])
        return str(answer.status_code)

    def _streamed(self, client: httpx.Client, body: dict[str, Any]) -> str:
        headers = {"Accept": "application/x-ndjson"}
        with client.stream("POST", "/ask_stream", json=body, headers=headers) as answer:
            if answer.status_code != 200:
                return str(answer.status_code)
            last = {"event": "cut short"}
            for line in answer.iter_lines():
                last = json.loads(line)
        if last["event"] == "done":
            self.answered.append(last["run_id"])
        return last["event"]

    def _left(self, client: httpx.Client, body: dict[str, Any]) -> str:
        with client.stream("POST", "/ask_stream", json=body) as answer:
            for line in answer.iter_lines():
                if line == "event: token":
                    return "left"
        return "not begun"


@dataclass
class Killer:
    """Ends something at random, again and again; `done` counts what."""

    cloud: LocalCloud
    phones: list[Phone]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    done: Counter[str] = field(default_factory=Counter)
    _broker_at: float = 0.0

    def go_on(self, seconds: float) -> None:
        """For so long, the broker once at least."""
        until_s = monotonic() + seconds
        while monotonic() < until_s:
            sleep(self.chance.uniform(0.5, 3))
            kills = [self._device, self._frozen, self._function]
            kill = self._broker if monotonic() >= self._broker_at else self.chance.choice(kills)
            kill()
            self.done[kill.__name__] += 1

    def _device(self) -> None:
        phone = self.chance.choice(self.phones)
        phone.kill()
        sleep(self.chance.uniform(0, 2))
        phone.start()

    def _frozen(self) -> None:
        self.chance.choice(self.phones).freeze(self.chance.uniform(1, 9))

    def _function(self) -> None:
        found = self.cloud.programs("shared.lambda_stream") + self.cloud.programs("_worker.py")
        if found:
            _killed(self.chance.choice(found))

    def _broker(self) -> None:
        for process in self.cloud.programs("local.emulator"):
            _killed(process)
        until(self._is_back, "the local AWS is back", 180)
        self._broker_at = monotonic() + _BROKER_EVERY_S

    def _is_back(self) -> bool:
        try:
            return self.phones[0].admin.get("/devices").status_code == 200
        except httpx.HTTPError:
            return False


def _killed(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


@pytest.fixture
def phones(cloud: LocalCloud, admin: httpx.Client) -> Iterator[list[Phone]]:
    """Two devices of the model."""
    with ExitStack() as stack:
        url = stack.enter_context(FakeModel(written)).url
        yield [
            stack.enter_context(Phone(admin, f"mortal-{number}", MODEL, url)) for number in (1, 2)
        ]


@pytest.mark.nightly
@pytest.mark.timeout(KILLS_S + 1800)
def test_each_answer_is_one_run_and_all_is_free_again_when_anything_was_killed(
    cloud: LocalCloud, demo: httpx.Client, phones: list[Phone]
) -> None:
    callers = [Calls(number) for number in range(CALLERS)]
    killer, over = Killer(cloud, phones), threading.Event()
    with ThreadPoolExecutor(CALLERS) as pool:
        calling = [pool.submit(each.make, cloud, over) for each in callers]
        try:
            until(lambda: all(each.answered for each in callers), "calls are answered", 120)
            killer.go_on(KILLS_S)
        finally:
            over.set()
        for each in calling:
            each.result()

    with cloud.client("api_key", "X-Api-Key") as gate:
        for phone in phones:
            assert phone.process.poll() is None, phone.printed
            until(partial(_answers, gate, phone), f"{phone.serial} answers", 180, every_s=2)
            until(partial(_runs_a_job, demo, phone), f"{phone.serial} runs jobs", 180, every_s=2)
    until(partial(_is_empty, cloud, "GatewayTable"), "no seat is left", 300, every_s=5)
    ended = sum((each.ended for each in callers), Counter[str]())
    runs = [run for each in callers for tag in each.tags for run in _runs(demo, tag)]
    answered = {run_id for each in callers for run_id in each.answered}
    found = Counter(run["run_id"] for run in runs)
    processes = len(cloud.programs("shared.lambda_stream"))
    seen = (
        f"kills {dict(killer.done)}, calls {dict(ended)}, {len(answered)} answers, "
        f"{len(runs)} runs, {processes} processes of the function"
    )
    logging.getLogger(__name__).warning(seen)
    assert len(answered) == sum(len(each.answered) for each in callers)
    assert {run_id: found[run_id] for run_id in answered} == dict.fromkeys(answered, 1)
    assert found.total() == len(found) <= ended.total()
    assert {run["ok"] for run in runs if run["run_id"] in answered} == {True}
    kills = killer.done + Counter({"client": ended["left"]})
    assert processes <= MOST_PROCESSES, seen
    assert {kind for kind, times in kills.items() if times >= LEAST_KILLS} >= KINDS, seen


def _answers(gate: httpx.Client, phone: Phone) -> bool:
    body = {"model": MODEL, "prompt": "Count.", "device": phone.serial, **WAITS}
    return gate.post("/ask", json=body).status_code == 200


def _runs_a_job(demo: httpx.Client, phone: Phone) -> bool:
    body = {"prompt": "Count.", "model": MODEL, "device_serial": phone.serial}
    job_id = demo.post("/api/jobs", json=body).raise_for_status().json()["job_id"]

    def ended() -> str | None:
        job = demo.get(f"/api/jobs/{job_id}").json()
        return str(job["status"]) if job["finished_at"] else None

    return bool(until(ended, "the job ends", 120) == "succeeded")


def _is_empty(cloud: LocalCloud, table: str) -> bool:
    cloud.fire("MaintainGateway")
    found = cloud.aws("dynamodb").scan(TableName=cloud.resource(table))["Items"]
    return not [item for item in found if item["sk"]["S"].startswith("SEAT#")]


def _runs(demo: httpx.Client, tag: str) -> list[dict[str, Any]]:
    query = {"source_kind": "gateway", "tag": tag, "runs": "1000", "minutes": "180"}
    found: list[dict[str, Any]] = demo.get("/usage", params=query).raise_for_status().json()["runs"]
    return found
