"""The AWS calls of a job's life, in their order: they are its cost (docs/performance.md).

Whoever changes these lists changes what a job costs: measure again (`make job-costs`).
"""

from collections.abc import Callable

import pytest

from tests.kit.faults import watched_calls
from tests.kit.yard import Yard

SUBMIT = [
    "GetItem",  # The pool's members: how large the window is.
    "PutObject",  # What is asked.
    "TransactWriteItems",  # The job, and whose it is.
    "GetItem",  # The pool's members again, for feeding.
    "Query",  # Who waits in the lane.
    "BatchGetItem",  # These, and the job, which the index may not have yet.
    "UpdateItem",  # A place in the window.
    "SendMessage",
    "UpdateItem",  # It was sent.
    "GetItem",  # The job as it is now, for the answer.
    "BatchGetItem",  # Its pool,
    "BatchGetItem",  # the devices there, for `status_reason`,
    "GetQueueAttributes",  # and its lane, for `queue.ahead`.
]
CLAIM = [
    "BatchGetItem",  # The device.
    "GetItem",  # Whose job it is.
    "GetItem",  # The job.
    "GetObject",  # What it asks.
    "UpdateItem",  # It runs.
    "GetItem",  # Its lane,
    "UpdateItem",  # where its place is free now,
    "GetItem",
    "Query",  # for who waits,
    "BatchGetItem",  # up to ten, read together.
]
FEED = [
    "UpdateItem",  # The first takes the place,
    "SendMessage",
    "UpdateItem",
    "UpdateItem",  # and there is none for the second.
]
HEARTBEAT = [
    "GetItem",  # Whose job it is.
    "GetItem",  # The job.
    "UpdateItem",  # Its lease.
]
COMPLETE = [
    "GetItem",  # Whose job it is, and the job: has it ended?
    "GetItem",
    "GetItem",  # And again: is it the device's?
    "GetItem",
    "PutObject",  # The outcome.
    "UpdateItem",  # It is decided.
    "GetObject",  # The outcome that counts.
    "PutObject",  # The segment with the run.
    "UpdateItem",  # The job has ended.
]
CALLBACK = [
    "PutItem",  # The callback.
    "SendMessage",
    "UpdateItem",  # It is owed no more.
]


@pytest.fixture
def lived(yard: Yard) -> Yard:
    """A yard in which a job has ended, so that nothing happens for the first time."""
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    return yard


def calls_of(do: Callable[[], object]) -> list[str]:
    with watched_calls() as calls:
        do()
    return calls.names


def test_submit_makes_these_calls_when_the_window_has_a_place(lived: Yard) -> None:
    assert calls_of(lived.submit) == SUBMIT


def test_claim_makes_these_calls_when_nobody_else_waits(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]

    assert calls_of(lambda: lived.claim(job_id)) == CLAIM


def test_claim_makes_these_calls_when_others_wait_for_its_place(lived: Yard) -> None:
    # Four take the window's places, two wait.
    jobs = [lived.submit()["job_id"] for _ in range(6)]

    calls = calls_of(lambda: lived.claim(jobs[0]))

    assert calls == CLAIM + FEED


def test_heartbeat_makes_these_calls_when_it_brings_no_telemetry(lived: Yard) -> None:
    job_id = lived.submit()["job_id"]
    attempt = lived.claim(job_id)

    assert calls_of(lambda: lived.say("heartbeat", job_id, attempt=attempt)) == HEARTBEAT


@pytest.mark.parametrize(("url", "more"), [(None, []), ("https://example.com/h", CALLBACK)])
def test_complete_makes_these_calls_when_the_attempt_holds_the_job(
    lived: Yard, url: str | None, more: list[str]
) -> None:
    job_id = lived.submit(callback_url=url)["job_id"]
    attempt = lived.claim(job_id)

    assert calls_of(lambda: lived.complete(job_id, attempt)) == COMPLETE + more
