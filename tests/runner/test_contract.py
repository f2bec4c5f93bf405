"""The runner against the server's own code: both keep the same contract."""

from collections.abc import Callable, Iterator

import pytest
from evalyard_runner.gates import Limits
from evalyard_runner.sensors import Sensors

from shared.aws import Bucket, Queue, Table
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard
from tests.runner.kit.api import SERIAL
from tests.runner.kit.bench import Bench, sqs_client
from tests.runner.kit.deployed import DeployedApi
from tests.runner.kit.model import FakeModel, endless


@pytest.fixture
def yard(
    api: Callable[..., ApiClient],
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
) -> Yard:
    """Users and functions over an empty AWS."""
    return Yard(api, tables, bucket, queues)


@pytest.fixture
def deployed(yard: Yard) -> Iterator[DeployedApi]:
    """The devices function, with the device of the bench registered."""
    assert yard.register(SERIAL, queue_tags=["default"]).status == 201
    with DeployedApi(yard) as server:
        yield server


@pytest.fixture
def bench(deployed: DeployedApi, model: FakeModel) -> Bench:
    """A runner between the real functions and a model."""
    return Bench(api=deployed, model=model, sqs=sqs_client())


def test_job_succeeds_with_the_runners_numbers_when_it_runs(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    job_id = yard.submit(model="tiny", warmup=1, repeat=2)["job_id"]

    bench.run_until(lambda: bool(deployed.statuses("complete")))

    job = yard.job(job_id)
    result = yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()
    assert (job["status"], job["device"], job["attempt"]) == ("succeeded", SERIAL, 1)
    assert result["output"] == "one two three"
    assert result["metrics"]["ttft_ms"] < result["metrics"]["latency_ms"]
    assert len(result["samples"]) == 2
    assert result["samples"][0]["itl_ms"]["n"] == 2
    assert result["extra"] == {"Cached prompt tokens": 3.0}
    assert result["provenance"]["ttft_ms"]["source"] == "client_stream"
    assert [line.split()[2] for line in result["log"].splitlines()] == ["warm-up", "run", "run"]
    assert result["telemetry"]["after"]["memory_pct"] > 0
    [run] = yard.runs()
    assert (run.job_id, run.device, run.completion_tokens, run.ok) == (job_id, SERIAL, 3, True)
    assert yard.messages(SERIAL) == 0


@pytest.mark.exhaustive
def test_every_report_is_accepted_when_the_runner_works(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    yard.submit(model="tiny")

    bench.run_until(lambda: bool(deployed.statuses("complete")))

    assert set(deployed.statuses("status")) == {204}
    assert deployed.statuses("session") == [200]
    device = yard.api("devices", user="root", admin=True).get(f"/devices/{SERIAL}").json()
    assert (device["models"], device["ready"]) == (["tiny", "other"], False)
    assert device["telemetry"]


def test_job_waits_for_the_device_to_cool_when_its_owner_set_a_limit(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    bench.limits = Limits(max_temp_c=60)
    bench.sensors = Sensors([lambda: {"temperature_c": 70.0}])
    job_id = yard.submit(model="tiny", device_serial=SERIAL)["job_id"]

    bench.run_until(lambda: yard.job(job_id)["status_reason"] == "device_hot")

    assert not deployed.statuses("claim")
    assert not bench.model.requests


def test_job_is_dead_at_once_when_its_server_does_not_know_the_model(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    bench.model.refusal = (404, {"error": "model 'x' not found"})
    job_id = yard.submit(model="tiny")["job_id"]

    bench.run_until(lambda: bool(deployed.statuses("fail")))

    job = yard.job(job_id)
    assert (job["status"], job["failure"]["code"]) == ("dead", "model_not_found")
    assert yard.messages(SERIAL) == 0


@pytest.mark.exhaustive
def test_job_waits_when_no_device_serves_its_model(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    waiting = yard.submit(model="unknown")["job_id"]
    running = yard.submit(model="tiny")["job_id"]

    bench.run_until(lambda: yard.job(running)["status"] == "succeeded")

    job = yard.job(waiting)
    assert (job["status"], job["status_reason"]) == ("queued", "no_matching_device")
    assert deployed.statuses("claim") == [200]


@pytest.mark.exhaustive
def test_job_dies_after_its_attempts_when_it_always_takes_too_long(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    bench.model.script = endless
    job_id = yard.submit(model="tiny", timeout_s=1, max_attempts=2)["job_id"]

    bench.run_until(lambda: yard.job(job_id)["status"] == "dead")

    job = yard.job(job_id)
    assert [attempt["failure"]["code"] for attempt in job["attempts"]] == ["timeout"] * 2
    assert len(bench.model.requests) == 2


@pytest.mark.exhaustive
def test_message_is_deleted_when_the_job_was_cancelled_before(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    yard.report(SERIAL, models=["tiny"])
    job_id = yard.submit(model="tiny")["job_id"]
    yard.user().post(f"/api/jobs/{job_id}/cancel")

    bench.run_until(lambda: bool(deployed.statuses("claim")))

    assert deployed.statuses("claim") == [410]
    assert yard.messages(SERIAL) == 0
    assert not bench.model.requests


def test_job_goes_back_to_the_queue_when_the_runner_must_stop(
    yard: Yard, deployed: DeployedApi, bench: Bench
) -> None:
    bench.grace_s = 0.1
    bench.model.script = endless
    job_id = yard.submit(model="tiny")["job_id"]

    bench.run_until(lambda: bool(bench.model.requests))

    job = yard.job(job_id)
    assert (job["status"], job["status_reason"], job["attempt"]) == ("queued", "device_busy", 0)


@pytest.mark.exhaustive
def test_a_device_tries_itself_and_goes_on_when_it_was_unhealthy(
    yard: Yard, deployed: DeployedApi, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalyard_runner.trial.FIRST_S", 0.2)
    bench.model.refusal = (500, {"error": "CUDA error"})
    for _ in range(3):
        yard.submit(model="tiny", max_attempts=1)
    states: list[str] = []

    def well_again() -> bool:
        device = yard.api("devices", user="ada").get(f"/devices/{SERIAL}").json()
        states.append(device["state"])
        if states[-1] == "unhealthy" and len(bench.model.requests) >= 4:
            bench.model.refusal = None
        return "unhealthy" in states and states[-1] == "available"

    bench.run_until(well_again)

    asked = [request["max_tokens"] for request in bench.model.requests]
    assert deployed.statuses("fail") == [200] * 3
    assert 1 not in asked[:3]
    assert set(asked[3:]) == {1}
