"""A device may be retired between any two steps of a submission or a requeue."""

import pytest

from shared.devices import Fleet, Retirements
from tests.functions.jobs.test_cancel_and_dead_letters import dead_job
from tests.kit.faults import watched_calls
from tests.kit.yard import Yard


def retire(yard: Yard, serial: str) -> None:
    table = yard.tables["DevicesTable"]
    Retirements(table).begin(Fleet(table).get(serial))


@pytest.mark.parametrize("number", range(6))
def test_no_fault_of_ours_when_a_device_is_retired_during_a_submission(
    yard: Yard, number: int
) -> None:
    yard.register("dev-2")
    body = {"prompt": "p", "model": "m", "device_serial": "dev-2"}

    with watched_calls() as calls:
        calls.before[number] = lambda: retire(yard, "dev-2")
        answer = yard.user().post("/api/jobs", json=body)

    assert answer.status in (202, 422, 503), answer.text


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", range(6))
def test_no_fault_of_ours_when_a_device_is_retired_during_a_requeue(
    yard: Yard, number: int
) -> None:
    yard.register("dev-2")
    job_id = dead_job(yard)

    with watched_calls() as calls:
        calls.before[number] = lambda: retire(yard, "dev-2")
        answer = yard.user().post(f"/jobs/{job_id}/requeue", json={"device_serial": "dev-2"})

    assert answer.status in (202, 422, 503), answer.text
