"""A failed attempt waits and goes elsewhere; what is no fault of the job costs no attempt."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import HeldClock
from tests.kit.faults import Calls, Request, watched_calls
from tests.kit.yard import Yard


class Sent(Calls):
    """What is sent to queues, and how late it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[str, int]] = []

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        if request.operation == "SendMessage":
            queue, late_s = request.params["QueueUrl"], request.params.get("DelaySeconds", 0)
            self.messages.append((queue.rpartition("/")[2].split("-device-")[1][:5], late_s))
        return super().made(request, call)


def fail(yard: Yard, job_id: str, serial: str = "dev-1", **fields: Any) -> list[tuple[str, int]]:
    """Claim and fail; the messages that this sent: to which device, how late."""
    attempt = yard.claim(job_id, serial)
    with watched_calls(Sent()) as calls:
        answer = yard.fail(job_id, attempt, serial, **fields)
    assert answer.status == 200, answer.text
    return calls.messages


@pytest.fixture
def two(yard: Yard, held_clock: HeldClock) -> Yard:
    """A second device; the first was free for longer."""
    yard.add("dev-2")
    return yard


def test_the_next_attempt_waits_5_s_then_30_s_then_2_min_when_one_fails(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(max_attempts=10)["job_id"]

    for attempt, wait_s in enumerate((5, 30, 120, 120), start=1):
        assert fail(yard, job_id) == [("dev-1", wait_s)]
        yard.report()
        held_clock.advance(wait_s - 2)
        early = yard.say("claim", job_id)
        yard.report()
        unsent = yard.job(job_id)
        held_clock.advance(2)

        assert (early.status, early.code) == (410, "job_gone")
        assert (unsent["status"], unsent["attempt"]) == ("queued", attempt)
        assert unsent["status_reason"] == "backoff"
        assert "the next may begin in 2 s; " in unsent["status_detail"]
    assert yard.claim(job_id) == 5


def test_it_waits_as_long_as_the_server_said_when_it_did(yard: Yard, held_clock: HeldClock) -> None:
    job_id = yard.submit()["job_id"]

    sent = fail(yard, job_id, retry_after_s=47)

    assert sent == [("dev-1", 47)]


def test_a_report_of_a_free_device_gets_it_when_its_time_has_come(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit()["job_id"]
    fail(yard, job_id)
    held_clock.advance(5)

    yard.report()

    assert yard.job(job_id)["queue"] == {"ahead": 0}
    assert yard.claim(job_id) == 2


def test_maintenance_sends_it_when_every_message_was_lost(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit()["job_id"]
    fail(yard, job_id)
    held_clock.advance(6)

    assert yard.sweep() == {"job_waits": 1}
    assert yard.job(job_id)["queue"] == {"ahead": 0}


def test_others_of_its_line_go_first_while_it_waits(yard: Yard, held_clock: HeldClock) -> None:
    first = yard.submit(priority=4)["job_id"]
    second = yard.submit()["job_id"]

    fail(yard, first)

    assert yard.claim(second) == 1


def test_it_has_its_place_again_when_its_time_has_come(yard: Yard, held_clock: HeldClock) -> None:
    jobs = []
    for priority in (4, 0, 0):
        jobs.append(yard.submit(priority=priority)["job_id"])
        held_clock.advance(0.001)
    first, second, third = jobs
    fail(yard, first)
    number = yard.claim(second)
    held_clock.advance(6)
    yard.sweep()

    yard.complete(second, number)

    assert yard.claim(first) == 2
    assert yard.job(third)["status"] == "queued"


def test_another_device_gets_it_first_when_one_takes_jobs(two: Yard, held_clock: HeldClock) -> None:
    job_id = two.submit()["job_id"]

    sent = fail(two, job_id)
    held_clock.advance(5)
    two.report("dev-1")
    refused = two.say("claim", job_id)
    elsewhere = two.claim(job_id, "dev-2")

    assert sent == [("dev-2", 5)]
    assert (refused.status, refused.code) == (410, "job_gone")
    assert elsewhere == 2


def test_the_same_device_gets_it_again_when_the_other_does_not_take_it(
    two: Yard, held_clock: HeldClock
) -> None:
    two.claim(two.submit(device_serial="dev-2")["job_id"], "dev-2")
    job_id = two.submit()["job_id"]
    fail(two, job_id)
    held_clock.advance(60)
    two.report("dev-1")
    waits = two.job(job_id)
    held_clock.advance(66)

    two.report("dev-1")

    assert waits["queue"] == {"ahead": 0}
    assert waits["status_reason"] == "backoff"
    assert two.claim(job_id) == 2


def test_the_same_device_gets_it_at_once_when_no_other_is_there(
    two: Yard, held_clock: HeldClock
) -> None:
    two.report("dev-2", ready=False)
    job_id = two.submit()["job_id"]

    sent = fail(two, job_id)
    held_clock.advance(5)

    assert sent == [("dev-1", 5)]
    assert two.claim(job_id) == 2


def test_every_device_has_a_try_when_it_fails_on_one_after_the_other(
    two: Yard, held_clock: HeldClock
) -> None:
    two.add("dev-3")
    job_id = two.submit()["job_id"]

    tried, serial = [], "dev-1"
    for wait_s in (5, 30):
        tried.append(serial)
        (serial, _), *_ = fail(two, job_id, serial)
        held_clock.advance(wait_s)

    assert sorted([*tried, serial]) == ["dev-1", "dev-2", "dev-3"]


def test_a_stopped_runner_costs_no_attempt_and_no_wait(two: Yard, held_clock: HeldClock) -> None:
    job_id = two.submit(max_attempts=1)["job_id"]

    sent = fail(two, job_id, code="device_lost")

    assert sent == [("dev-2", 0)]
    assert two.job(job_id)["attempt"] == 0
    assert two.claim(job_id, "dev-2") == 2


def test_runners_that_only_ever_stop_cost_attempts_at_last(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(max_attempts=1)["job_id"]
    yard.tables["JobsTable"].put(
        {**(yard.tables["JobsTable"].get("USER#ada", f"JOB#{job_id}") or {}), "spared": 100}
    )

    fail(yard, job_id, code="device_lost")

    assert yard.job(job_id)["status"] == "dead"


@pytest.mark.parametrize("code", ["server_unavailable", "throttled"])
def test_a_server_without_time_costs_no_attempt_and_its_device_rests(
    two: Yard, held_clock: HeldClock, code: str
) -> None:
    job_id = two.submit(max_attempts=1)["job_id"]

    sent = fail(two, job_id, code=code, retry_after_s=40)
    two.report("dev-1")
    rests = two.user().get(f"/api/jobs/{job_id}").json()
    device = two.api("devices", user="ada").get("/devices/dev-1").json()

    assert sent == [("dev-2", 0)]
    assert (rests["attempt"], rests["status"]) == (0, "queued")
    assert (device["ready"], device["not_ready_reason"]) == (False, "server_unavailable")
    assert device["state"] == "busy"
    held_clock.advance(40)
    two.report("dev-1")
    assert two.api("devices", user="ada").get("/devices/dev-1").json()["state"] == "available"


def test_a_job_waits_for_its_only_device_when_that_rests(yard: Yard, held_clock: HeldClock) -> None:
    job_id = yard.submit(max_attempts=1)["job_id"]

    sent = fail(yard, job_id, code="server_unavailable", retry_after_s=15)
    waits = yard.job(job_id)
    held_clock.advance(15)

    assert sent == [("dev-1", 15)]
    assert yard.claim(job_id) == 2
    assert waits["status_reason"] == "device_busy"
    assert waits["status_detail"] == (
        "the last attempt failed on dev-1 (server_unavailable); "
        "dev-1 leaves its model's server alone for 16 s"
    )


def test_a_device_that_rests_claims_nothing_when_it_is_reminded(
    two: Yard, held_clock: HeldClock
) -> None:
    job_id = two.submit()["job_id"]
    fail(two, job_id)
    other = two.submit(device_serial="dev-2")["job_id"]
    fail(two, other, "dev-2", code="throttled", retry_after_s=60)
    held_clock.advance(5)

    reminded = two.say("claim", job_id, "dev-2")

    assert (reminded.status, reminded.code) == (410, "job_gone")
    assert two.job(job_id)["status"] == "queued"


def test_it_costs_an_attempt_when_the_server_refuses_only_this_job(
    yard: Yard, held_clock: HeldClock
) -> None:
    """As the runner says by naming no time."""
    job_id = yard.submit(max_attempts=1)["job_id"]

    fail(yard, job_id, code="throttled")

    assert yard.job(job_id)["status"] == "dead"
    assert yard.submit()["queue"] == {"ahead": 0}


def test_a_rest_has_a_least_length_when_the_server_says_at_once(
    yard: Yard, held_clock: HeldClock
) -> None:
    assert fail(yard, yard.submit()["job_id"], code="throttled", retry_after_s=0) == [("dev-1", 5)]


def test_its_attempts_start_again_when_it_is_requeued(two: Yard, held_clock: HeldClock) -> None:
    job_id = two.submit(max_attempts=2)["job_id"]
    fail(two, job_id)
    held_clock.advance(5)
    fail(two, job_id, "dev-2")

    two.user().post(f"/jobs/{job_id}/requeue")

    assert two.claim(job_id) == 1
