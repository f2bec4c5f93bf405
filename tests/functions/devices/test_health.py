"""A device that fails one job after the other steps aside, and comes back when it is well."""

import pytest

from tests.conftest import HeldClock
from tests.kit.gateway import ApiClient
from tests.kit.yard import Yard


@pytest.fixture
def admin(yard: Yard, held_clock: HeldClock) -> ApiClient:
    return yard.api("devices", user="root", admin=True)


def fail_some(yard: Yard, number: int, code: str = "runtime_crash", **fields: object) -> None:
    """So many different jobs fail on the device, one after the other."""
    for _ in range(number):
        job_id = yard.submit(max_attempts=1, **fields)["job_id"]
        answer = yard.fail(job_id, yard.claim(job_id), code=code)
        assert answer.json()["status"] == "dead"


def state(yard: Yard) -> str:
    device = yard.api("devices", user="ada").get("/devices/dev-1").json()
    return str(device["state"])


def test_a_device_is_unhealthy_when_three_different_jobs_failed_there_in_a_row(
    yard: Yard, admin: ApiClient
) -> None:
    fail_some(yard, 2)
    before = state(yard)
    fail_some(yard, 1, code="device_out_of_memory")
    yard.report()

    device = admin.get("/devices/dev-1").json()
    (listed,) = admin.get("/devices?state=unhealthy").json()["data"]
    waits = yard.submit()

    assert before == "available"
    assert (device["ready"], device["not_ready_reason"]) == (False, "unhealthy")
    assert device["unhealthy"] == {
        "since": "2026-01-01T00:00:00.000Z",
        "code": "device_out_of_memory",
    }
    assert listed["serial"] == "dev-1"
    assert waits["status_reason"] == "device_unhealthy"
    assert waits["status_detail"] == "dev-1 unhealthy after several failed jobs in a row"


def test_a_device_goes_on_when_one_job_fails_there_again_and_again(
    yard: Yard, admin: ApiClient, held_clock: HeldClock
) -> None:
    job_id = yard.submit(max_attempts=5)["job_id"]
    for _ in range(5):
        yard.fail(job_id, yard.claim(job_id))
        held_clock.advance(120)
        yard.report()

    assert state(yard) == "available"


def test_a_device_goes_on_when_a_job_succeeds_between(yard: Yard, admin: ApiClient) -> None:
    fail_some(yard, 2)
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    fail_some(yard, 2)

    assert state(yard) == "available"


@pytest.mark.parametrize("code", ["invalid_argument", "unsupported", "model_invalid"])
def test_a_device_goes_on_when_jobs_ask_for_what_cannot_be(
    yard: Yard, admin: ApiClient, code: str
) -> None:
    fail_some(yard, 4, code=code)

    assert state(yard) == "available"


def test_a_device_goes_on_when_jobs_have_too_little_time(yard: Yard, admin: ApiClient) -> None:
    fail_some(yard, 4, code="timeout", timeout_s=5)
    hasty = state(yard)
    fail_some(yard, 3, code="timeout")

    assert (hasty, state(yard)) == ("available", "unhealthy")


def test_jobs_that_a_device_took_along_count_when_it_died(
    yard: Yard, admin: ApiClient, held_clock: HeldClock
) -> None:
    for _ in range(3):
        yard.report()
        yard.claim(yard.submit(max_attempts=1)["job_id"])
        held_clock.advance(61)
        yard.sweep()
    yard.report()

    assert state(yard) == "unhealthy"


def test_it_is_well_when_it_has_tried_itself(yard: Yard, admin: ApiClient) -> None:
    fail_some(yard, 3)
    job_id = yard.submit()["job_id"]

    told = [
        yard.device().post("/devices/dev-1/status", json={"ready": True, **said})
        for said in ({}, {"tried": "failed"}, {"tried": "passed"})
    ]

    states = [answer.headers["x-evalyard-state"] for answer in told]
    assert states == ["unhealthy", "unhealthy", "available"]
    assert yard.claim(job_id) == 1


def test_it_is_unhealthy_at_once_when_a_job_fails_after_the_trial(
    yard: Yard, admin: ApiClient
) -> None:
    """One token went well, jobs do not: one job is spent for each trial, not three."""
    fail_some(yard, 3)
    yard.report(tried="passed")
    fail_some(yard, 1)
    relapsed = state(yard)
    yard.report(tried="passed")
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    fail_some(yard, 2)

    assert (relapsed, state(yard)) == ("unhealthy", "available")


def test_it_is_well_and_gets_a_job_when_an_administrator_says_so(
    yard: Yard, admin: ApiClient
) -> None:
    fail_some(yard, 3)
    job_id = yard.submit()["job_id"]

    changed = admin.patch("/devices/dev-1", json={"healthy": True})
    refused = admin.patch("/devices/dev-1", json={"healthy": False})

    assert (changed.json()["state"], changed.json()["unhealthy"]) == ("available", None)
    assert refused.status == 422
    assert yard.claim(job_id) == 1


def test_several_are_well_when_an_administrator_says_so(yard: Yard, admin: ApiClient) -> None:
    fail_some(yard, 3)

    said = {"serials": ["dev-1"], "set": {"healthy": True}}
    admin.post("/devices/batch", json=said)

    assert state(yard) == "available"


def test_it_gets_a_job_after_half_an_hour_when_it_never_tried_itself(
    yard: Yard, admin: ApiClient, held_clock: HeldClock
) -> None:
    fail_some(yard, 3)
    held_clock.advance(1_800)
    yard.report()
    later = state(yard)

    fail_some(yard, 1)
    yard.report()

    assert (later, state(yard)) == ("available", "unhealthy")


def test_a_trial_in_vain_says_nothing_when_the_device_is_well(yard: Yard, admin: ApiClient) -> None:
    yard.report(tried="failed")

    assert state(yard) == "available"


def test_the_others_get_its_jobs_when_a_device_is_unhealthy(yard: Yard, admin: ApiClient) -> None:
    fail_some(yard, 3)
    yard.add("dev-2")

    job_id = yard.submit()["job_id"]

    assert yard.claim(job_id, "dev-2") == 1
