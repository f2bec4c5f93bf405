"""A device without the model is passed over for a while; the pool's job goes elsewhere."""

import pytest

from tests.conftest import HeldClock
from tests.kit.yard import Yard


def refuse(yard: Yard, job_id: str, serial: str) -> None:
    attempt = yard.claim(job_id, serial)
    yard.fail(job_id, attempt, serial, code="model_not_found", retryable=False)


def models(yard: Yard, serial: str) -> list[str]:
    admin = yard.api("devices", user="root", admin=True)
    found: list[str] = admin.get(f"/devices/{serial}").json()["models"]
    return found


@pytest.fixture
def two(yard: Yard) -> Yard:
    """Two devices that say that they serve `m`; the first is free."""
    yard.report("dev-1", models=["m", "other"])
    yard.add("dev-2", models=["m"])
    yard.report("dev-2", ready=False, models=["m"])
    return yard


def test_a_pools_job_goes_to_another_device_when_the_first_has_not_its_model(
    two: Yard, held_clock: HeldClock
) -> None:
    job_id = two.submit(max_attempts=1)["job_id"]
    refuse(two, job_id, "dev-1")
    two.report("dev-1", models=["m", "other"])

    waits, lacking = two.job(job_id), models(two, "dev-1")
    two.report("dev-2", models=["m"])
    number = two.claim(job_id, "dev-2")
    two.complete(job_id, number, "dev-2")

    assert (waits["status"], waits["device"], waits["attempt"]) == ("queued", None, 0)
    assert lacking == ["other"]
    ended = two.job(job_id)
    assert (ended["status"], ended["device"]) == ("succeeded", "dev-2")
    assert [each["device"] for each in ended["attempts"]] == ["dev-1", "dev-2"]


def test_the_model_is_tried_again_after_a_while(two: Yard, held_clock: HeldClock) -> None:
    refuse(two, two.submit()["job_id"], "dev-1")
    held_clock.advance(601)
    two.report("dev-1", models=["m", "other"])

    assert models(two, "dev-1") == ["m", "other"]


def test_the_model_is_back_at_once_when_an_administrator_says_so(
    two: Yard, held_clock: HeldClock
) -> None:
    refuse(two, two.submit()["job_id"], "dev-1")

    admin = two.api("devices", user="root", admin=True)
    changed = admin.patch("/devices/dev-1", json={"models": ["m"]}).json()

    assert changed["models"] == ["m"]


def test_a_job_is_dead_when_no_device_has_its_model(two: Yard, held_clock: HeldClock) -> None:
    job_id = two.submit()["job_id"]
    refuse(two, job_id, "dev-1")
    two.report("dev-2", models=["m"])
    refuse(two, job_id, "dev-2")

    job = two.job(job_id)
    assert (job["status"], job["failure"]["code"]) == ("dead", "model_not_found")
    assert job["failure"]["device"] == "dev-2"


def test_a_pinned_job_is_dead_at_once_when_its_device_has_not_its_model(
    two: Yard, held_clock: HeldClock
) -> None:
    job_id = two.submit(device_serial="dev-1")["job_id"]
    refuse(two, job_id, "dev-1")

    assert two.job(job_id)["status"] == "dead"
    assert models(two, "dev-1") == ["m", "other"]


def test_a_device_of_unknown_models_is_passed_over_too(yard: Yard, held_clock: HeldClock) -> None:
    yard.add("dev-2")
    first = yard.submit(model="x")
    serial = "dev-1" if yard.messages("dev-1") else "dev-2"
    other = {"dev-1": "dev-2", "dev-2": "dev-1"}[serial]

    refuse(yard, first["job_id"], serial)

    assert yard.claim(first["job_id"], other) == 2
