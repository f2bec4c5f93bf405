"""A job ends once, with one run, whatever fails between the AWS calls of `complete`.

Every AWS call is made to fail in turn, once before it reaches AWS and once after it was
carried out (the answer is lost). Then the device repeats its call, or never comes back
and maintenance finishes what was begun.
"""

from typing import Any

import pytest

from tests.kit.faults import lose_answer, watched_calls
from tests.kit.yard import LARGE, Yard


def claimed_job(yard: Yard) -> str:
    job_id = str(yard.submit(adapter_id="phones", callback_url="https://example.com/h")["job_id"])
    yard.claim(job_id)
    return job_id


@pytest.mark.exhaustive
@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("finisher", ["device", "maintenance"])
@pytest.mark.parametrize("output", ["Because.", LARGE], ids=["small", "large"])
def test_a_job_ends_once_when_any_call_of_complete_fails(
    yard: Yard, held_clock: Any, place: str, finisher: str, output: str
) -> None:
    yard.api("datasets", user="ada").post("/user/data/save_adapter", json={"dataset": "phones"})
    counted = claimed_job(yard)
    with watched_calls() as calls:
        yard.complete(counted, 1, output=output)
    number_of_calls = len(calls.names)

    assert number_of_calls > 8
    for number in range(number_of_calls):
        job_id = claimed_job(yard)
        with watched_calls() as calls:
            getattr(calls, place)[number] = lose_answer
            answer = yard.complete(job_id, 1, output=output)
        assert answer.status in (200, 503), answer.text
        _finish(yard, held_clock, job_id, answer.status, finisher)

        shown = yard.user().get(f"/api/jobs/{job_id}/result").json()
        assert shown["output"] in (output, "Because.")
        assert yard.job(job_id)["status"] == "succeeded", (number, calls.names)
        assert [run.ok for run in yard.runs() if run.job_id == job_id] == [True], calls.names
        callbacks = yard.tables["JobsTable"].query(f"JOB#{job_id}", prefix="CALLBACK#")
        assert len(list(callbacks)) == 1, (number, calls.names)
    assert len(yard.rows()) == number_of_calls + 1


def _finish(yard: Yard, held_clock: Any, job_id: str, status: int, finisher: str) -> None:
    if finisher == "device":
        assert yard.complete(job_id, 1).status == 200
        return
    held_clock.advance(70)
    yard.sweep()
    if yard.job(job_id)["status"] == "queued":
        # Nothing was decided before the failure: the job is simply run again.
        assert status == 503
        held_clock.advance(5)
        yard.complete(job_id, yard.claim(job_id))
