"""The AWS calls of a job's life, in their order: they are its cost (docs/performance.md).

Whoever changes these lists changes what a job costs: measure again (`make job-costs`).
"""

from collections.abc import Callable

import pytest

from tests.kit.faults import lose_answer, watched_calls
from tests.kit.yard import LARGE, Yard

SUBMIT = [
    "PutItem",  # What is asked.
    "GetItem",  # The pool's members,
    "BatchGetItem",  # and which of them are free.
    "TransactWriteItems",  # The job, whose it is, and the device's slot.
    "SendMessage",
]
WAIT = [
    *SUBMIT[:3],
    "UpdateItem",  # The line is listed.
    "TransactWriteItems",  # The job, and whose it is.
    "GetItem",  # Has a device become free meanwhile?
    "BatchGetItem",
    "BatchGetItem",  # Its pool,
    "BatchGetItem",  # the devices there, for `status_reason`,
    "Query",  # the lines,
    "Query",  # and who waits in its own, for `queue.ahead`.
]
CLAIM = [
    "BatchGetItem",  # The device, and whose job its slot has.
    "GetItem",  # The job.
    "GetItem",  # What it asks.
    "UpdateItem",  # It runs,
    "UpdateItem",  # and the device runs it.
]
HEARTBEAT = [
    "UpdateItem",  # The device is there, and whose job it runs.
    "UpdateItem",  # The job's lease.
]
UNKNOWN_HEARTBEAT = [
    "UpdateItem",  # The slot says nothing of this attempt.
    "GetItem",  # Whose job it is.
    "GetItem",  # The job.
    "UpdateItem",  # Its lease.
]
REPORT = [
    "BatchGetItem",  # The device.
    "UpdateItem",  # What it says,
    "PutItem",  # and its history.
]
COMPLETE = [
    "GetItem",  # Whose job it is,
    "GetItem",  # and the job: is it the device's?
    "PutItem",  # The outcome.
    "UpdateItem",  # It is decided.
    "PutObject",  # The segment with the run.
    "TransactWriteItems",  # The job has ended, and the device's slot is free.
]
LOOK_FOR_NEXT = [
    "BatchGetItem",  # The device.
    "Query",  # The lines.
]
NEXT = [
    "Query",  # Who is first in its line.
    "BatchGetItem",  # That job.
    "TransactWriteItems",  # The job, the device's slot, and the line's turn.
    "SendMessage",
]
FAIL = [
    "GetItem",  # Whose job it is,
    "GetItem",  # and the job.
    "GetItem",  # What failed on the device before,
    "UpdateItem",  # and now.
    "GetItem",  # The pool's members,
    "BatchGetItem",  # and how they are.
    "UpdateItem",  # The line is listed.
    "TransactWriteItems",  # The job waits, and the device's slot is free.
    "SendMessage",  # A reminder that comes when the next attempt may begin.
    *LOOK_FOR_NEXT,
    "Query",  # Who is first in its line: a job that backs off,
    "BatchGetItem",  # this one.
]
CALLBACK = [
    "PutItem",  # The callback.
    "SendMessage",
    "UpdateItem",  # It is owed no more.
]


@pytest.fixture
def lived(yard: Yard) -> Yard:
    """A yard in which a job has ended, so that nothing happens for the first time."""
    yard.report(models=["m"])
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    return yard


def calls_of(do: Callable[[], object]) -> list[str]:
    with watched_calls() as calls:
        do()
    return calls.names


def test_submit_makes_these_calls_when_a_device_is_free(lived: Yard) -> None:
    assert calls_of(lived.submit) == SUBMIT


def test_submit_makes_these_calls_when_no_device_is_free(lived: Yard) -> None:
    lived.submit()

    assert calls_of(lived.submit) == WAIT


def test_claim_makes_these_calls_when_the_job_was_sent_to_the_device(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]

    assert calls_of(lambda: lived.claim(job_id)) == CLAIM


def test_a_result_is_read_by_two_calls(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    lived.complete(job_id, lived.claim(job_id))

    calls = calls_of(lambda: lived.user().get(f"/api/jobs/{job_id}/result"))

    assert calls == ["GetItem", "GetItem"]


def test_bodies_are_objects_when_no_item_has_room_for_them(lived: Yard) -> None:
    jobs: list[str] = []
    submitted = calls_of(lambda: jobs.append(lived.submit(prompt=LARGE)["job_id"]))
    attempts: list[int] = []
    claimed = calls_of(lambda: attempts.append(lived.claim(jobs[0])))
    completed = calls_of(lambda: lived.complete(jobs[0], attempts[0], output=LARGE))
    read = calls_of(lambda: lived.user().get(f"/api/jobs/{jobs[0]}/result"))

    assert submitted == ["PutObject", *SUBMIT[1:]]
    assert claimed == [*CLAIM[:2], "GetObject", *CLAIM[3:]]
    assert completed == [*COMPLETE[:2], "PutObject", *COMPLETE[3:], *LOOK_FOR_NEXT]
    assert read == ["GetItem", "GetObject"]


def test_heartbeat_makes_these_calls_when_it_brings_no_telemetry(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    attempt = lived.claim(job_id)

    assert calls_of(lambda: lived.say("heartbeat", job_id, attempt=attempt)) == HEARTBEAT


def test_heartbeat_keeps_a_point_when_it_brings_telemetry(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    attempt, telemetry = lived.claim(job_id), {"battery": 50}

    calls = calls_of(lambda: lived.say("heartbeat", job_id, attempt=attempt, telemetry=telemetry))

    assert calls == [*HEARTBEAT, "PutItem"]


def test_heartbeat_reads_the_job_when_the_claim_was_not_noted(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    with watched_calls() as calls:
        calls.before[CLAIM.index("UpdateItem") + 1] = lose_answer
        attempt = lived.claim(job_id)

    answers: list[int] = []
    beat = calls_of(lambda: answers.append(lived.say("heartbeat", job_id, attempt=attempt).status))

    assert (beat, answers) == (UNKNOWN_HEARTBEAT, [200])


def test_a_report_makes_these_calls_when_the_device_is_busy_or_nobody_waits(lived: Yard) -> None:
    free = calls_of(lived.report)
    lived.submit()
    busy = calls_of(lived.report)

    assert (free, busy) == ([*REPORT, "Query"], REPORT)


@pytest.mark.parametrize(("url", "more"), [(None, []), ("https://example.com/h", CALLBACK)])
def test_complete_makes_these_calls_when_the_attempt_holds_the_job(
    lived: Yard, url: str | None, more: list[str]
) -> None:
    job_id = lived.submit(callback_url=url)["job_id"]
    attempt = lived.claim(job_id)

    calls = calls_of(lambda: lived.complete(job_id, attempt))

    assert calls == COMPLETE + more + LOOK_FOR_NEXT


def test_complete_makes_these_calls_when_the_next_job_waits(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    lived.submit()
    attempt = lived.claim(job_id)

    calls = calls_of(lambda: lived.complete(job_id, attempt))

    assert calls == COMPLETE + LOOK_FOR_NEXT + NEXT


def test_fail_makes_these_calls_when_the_job_is_to_be_tried_again(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    attempt = lived.claim(job_id)

    assert calls_of(lambda: lived.fail(job_id, attempt)) == FAIL
