"""Ten real runners, each a process, of which four are in trouble: every job is run once, elsewhere.

The same in virtual time, for a day and fifty devices: tests/shared/jobs/test_fleet.py.
"""

import os
import signal
from collections import Counter
from contextlib import ExitStack
from time import monotonic
from typing import Any

import pytest

from tests.kit.yard import Yard
from tests.runner.kit.model import FakeModel, content
from tests.runner.kit.processes import wait_for
from tests.runner.test_phones import Chunks, all_ended, phones, yard  # noqa: F401  # A fixture.

USERS = ("ada", "eve", "ida")
# So long jobs keep coming, one a second; `make test-nightly` says 300.
FLEET_S = int(os.environ.get("EVALYARD_FLEET_S", "60"))
_TROUBLE_S = 8


def cut_short(body: object) -> Chunks:
    """An answer whose end never comes."""
    yield content("and ")


def slow(body: object) -> Chunks:
    """An answer that takes a moment."""
    yield content("one ")
    yield 0.3
    yield content("two", "stop")


def running(runners: list[Any]) -> list[Any]:
    """Those that have to be there: all but the one that is stopped."""
    return [runner for number, runner in enumerate(runners) if number != 4]


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_every_job_is_run_once_when_four_phones_of_ten_are_in_trouble(yard: Yard) -> None:  # noqa: F811
    with ExitStack() as stack:
        servers = {f"phone-{number}": stack.enter_context(FakeModel(slow)) for number in range(10)}
        servers["phone-0"].refusal = (502, None)
        servers["phone-1"].refusal = (503, {"error": {"message": "Loading model", "code": 503}})
        servers["phone-2"].refusal = (500, {"error": "CUDA error: an illegal memory access"})
        servers["phone-3"].script = cut_short
        runners = stack.enter_context(phones(yard, servers))
        jobs: dict[str, str] = {}
        began = monotonic()
        while monotonic() < began + FLEET_S:
            user = USERS[len(jobs) % len(USERS)]
            jobs[str(yard.submit(user, model="tiny", max_attempts=5)["job_id"])] = user
            wait_for(lambda: monotonic() > began + len(jobs), *running(runners))
            if len(jobs) == _TROUBLE_S:
                servers["phone-1"].refusal = None
                # One is stopped while it works; what it has goes on elsewhere.
                runners[4].send_signal(signal.SIGTERM)
        ended = [
            job
            for user in USERS
            for job in all_ended(yard, [job for job in jobs if jobs[job] == user], user=user)
        ]

    devices = Counter(job["device"] for job in ended)
    runs = Counter(run.job_id for user in USERS for run in yard.runs(user) if run.ok)
    assert {job["status"] for job in ended} == {"succeeded"}
    assert runs == Counter(dict.fromkeys(jobs, 1))
    assert not {"phone-0", "phone-2", "phone-3"} & devices.keys()
    assert max(job["attempt"] for job in ended) <= 3
    device = yard.api("devices", user="ada").get("/devices/phone-2").json()
    assert (device["state"], device["unhealthy"]["code"]) in (
        ("unhealthy", "runtime_crash"),
        ("offline", "runtime_crash"),
    )
