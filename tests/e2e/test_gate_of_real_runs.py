"""The gate over runs of a real model among which nothing changed: it must hardly ever fail."""

import os
import random
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.kit.chance import most_by_chance
from tests.kit.local_cloud import LocalCloud, until

pytestmark = pytest.mark.nightly

# Each gate has runs of its own, so that its chance of failing does not hang on the others'.
GATES = int(os.environ.get("EVALYARD_GATES", "20"))
RUNS_A_SIDE = 8


@pytest.fixture
def model(cloud: LocalCloud) -> Iterator[str]:
    """What the demo device serves."""
    with cloud.client("api_key", "X-Api-Key") as asking:
        until(lambda: asking.get("/v1/models").json()["data"], "the device is there")
        yield asking.get("/v1/models").json()["data"][0]["id"]


def submit(demo: httpx.Client, model: str, **conditions: str) -> str:
    """A short job of the model, with its side and its gate as conditions."""
    body = {
        "model": model,
        "prompt": "Once upon a time",
        "options": {"num_predict": 16, "temperature": 0, "ignore_eos": True},
        "warmup": 1,
        "conditions": conditions,
    }
    headers = {"Idempotency-Key": uuid4().hex}
    answer = demo.post("/api/jobs", json=body, headers=headers).raise_for_status()
    return str(answer.json()["job_id"])


def side(number: int, name: str) -> dict[str, object]:
    filters = {"cond.gate": [str(number)], "cond.side": [name]}
    return {"filters": filters, "window": {"last_s": 86_400}}


def verdict(demo: httpx.Client, number: int) -> str:
    question = {"reference": side(number, "a"), "candidate": side(number, "b")}
    said = demo.post("/usage/gate", json=question).raise_for_status().json()
    assert {(each["n_a"], each["n_b"]) for each in said["series"]} == {(RUNS_A_SIDE,) * 2}
    return str(said["verdict"])


@pytest.mark.timeout(3_600)
def test_gate_fails_in_at_most_one_of_twenty_when_a_real_device_did_the_same_twice(
    demo: httpx.Client, model: str
) -> None:
    # In any order: what warms up or fills a disk meanwhile meets both sides alike.
    chance = random.Random(16)
    for number in range(GATES):
        order = list("ab" * RUNS_A_SIDE)
        chance.shuffle(order)
        jobs = [submit(demo, model, gate=str(number), side=name) for name in order]
        for job_id in jobs:
            until(
                lambda job_id=job_id: (
                    demo.get(f"/api/jobs/{job_id}").json()["status"] == "succeeded"
                ),
                "the job ends",
                120,
            )

    verdicts = [verdict(demo, number) for number in range(GATES)]

    assert len(set(verdicts) - {"pass", "inconclusive", "fail"}) == 0
    assert verdicts.count("fail") <= most_by_chance(GATES, 0.05), verdicts
