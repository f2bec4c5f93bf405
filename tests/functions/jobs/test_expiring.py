"""A job waits no longer than its user wants, and says so when it ends."""

import pytest

from tests.conftest import HeldClock
from tests.kit.yard import Yard

HOOK = "https://example.com/hook"


def failure_of(yard: Yard, job_id: str) -> str | None:
    failure = yard.job(job_id)["failure"]
    return failure and failure["code"]


def test_a_job_dies_within_a_minute_when_it_waited_for_too_long(
    yard: Yard, held_clock: HeldClock
) -> None:
    yard.report(ready=False)
    job_id = yard.submit(expires_in_s=100, callback_url=HOOK)["job_id"]
    held_clock.advance(99)
    yard.sweep()
    before = yard.job(job_id)["status"]
    held_clock.advance(2)
    done = yard.sweep()

    job = yard.job(job_id)
    waiting = "ApproximateNumberOfMessages"
    callbacks = yard.queues["CallbacksQueue"].attributes(waiting)[waiting]
    assert (before, job["status"], job["failure"]["code"]) == ("queued", "dead", "expired")
    assert (job["failure"]["retryable"], job["attempt"]) == (False, 0)
    assert done["job_expired"] == 1
    assert yard.user().get("/jobs/dlq").json()["data"][0]["job_id"] == job_id
    assert callbacks == "1"
    assert yard.runs() == []


def test_a_device_is_not_given_a_job_that_has_expired(yard: Yard, held_clock: HeldClock) -> None:
    yard.report(ready=False)
    expired = yard.submit(expires_in_s=10)["job_id"]
    fresh = yard.submit()["job_id"]
    held_clock.advance(11)

    yard.report()

    assert yard.receive() == {"job_id": fresh, "attempt": 0}
    assert yard.say("claim", expired).status == 410
    assert failure_of(yard, expired) == "expired"


def test_a_job_that_was_sent_expires_when_its_device_does_not_claim_it(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(expires_in_s=20)["job_id"]
    held_clock.advance(31)
    yard.sweep()
    later = yard.submit()["job_id"]

    assert failure_of(yard, job_id) == "expired"
    assert yard.claim(later) == 1


def test_a_job_runs_to_its_end_when_it_was_claimed_in_time(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(expires_in_s=20)["job_id"]
    attempt = yard.claim(job_id)
    held_clock.advance(40)
    yard.sweep()
    yard.complete(job_id, attempt)

    assert yard.job(job_id)["status"] == "succeeded"


def test_time_begins_anew_when_an_expired_job_is_requeued(
    yard: Yard, held_clock: HeldClock
) -> None:
    yard.report(ready=False)
    job_id = yard.submit(expires_in_s=20)["job_id"]
    held_clock.advance(21)
    yard.sweep()
    yard.user().post(f"/jobs/{job_id}/requeue", json={})
    held_clock.advance(19)
    yard.sweep()
    before = yard.job(job_id)["status"]
    held_clock.advance(2)
    yard.sweep()

    assert (before, yard.job(job_id)["status"]) == ("queued", "dead")


@pytest.mark.parametrize("seconds", [0, 2_592_001, 1.5, "10"])
def test_a_submit_is_refused_when_the_time_is_no_good(yard: Yard, seconds: object) -> None:
    sent = {"prompt": "Why?", "model": "m", "expires_in_s": seconds}

    answer = yard.user().post("/api/jobs", json=sent)

    assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, "/expires_in_s")
