"""A job's way from its user through SQS and a device to a result."""

import pytest

from tests.conftest import HeldClock
from tests.kit.yard import METRICS, Yard


def test_result_is_there_when_a_device_took_the_message_and_completed(yard: Yard) -> None:
    job = yard.submit(prompt="Why is the sky blue?", system="Be brief.", tag="sky", warmup=1)

    message = yard.receive()
    claim = yard.say("claim", job["job_id"])
    done = yard.complete(job["job_id"], 1)
    result = yard.user().get(f"/api/jobs/{job['job_id']}/result").json()

    assert message == {"job_id": job["job_id"], "attempt": 0}
    assert claim.json() == {
        "attempt": 1,
        "model": "m",
        "prompt": "Why is the sky blue?",
        "system": "Be brief.",
        "options": {},
        "warmup": 1,
        "repeat": 1,
        "timeout_s": 600,
        "lease_s": 60,
    }
    assert done.json() == {"job_id": job["job_id"], "status": "succeeded", "warnings": []}
    assert result["output"] == "Because."
    assert result["metrics"] == METRICS
    assert result["device"] == "dev-1"


def test_one_run_is_recorded_when_a_job_succeeds(yard: Yard) -> None:
    job = yard.submit(tag="sky")
    yard.complete(job["job_id"], yard.claim(job["job_id"]), extra={"GPU power (W)": 40.5})

    (run,) = yard.runs()

    assert run.source_kind == "job"
    assert run.ok
    assert (run.job_id, run.device, run.model, run.tag) == (job["job_id"], "dev-1", "m", "sky")
    assert (run.prompt_tokens, run.completion_tokens, run.tok_s) == (12, 41, 50.0)
    assert run.extra == {"GPU power (W)": 40.5}
    assert run.prompt_preview == "Why?"


def test_the_adapters_row_is_appended_and_counted_once_when_a_job_names_one(yard: Yard) -> None:
    adapter = {
        "dataset": "phones",
        "x_field": "when",
        "device_field": "phone",
        "latency_ms_field": "ms",
        "extra_fields": [{"label": "Power", "field": "power_w"}],
    }
    yard.api("datasets", user="ada").post("/user/data/save_adapter", json=adapter)
    job = yard.submit(adapter_id="phones")

    yard.complete(job["job_id"], yard.claim(job["job_id"]), extra={"power_w": 3.5})
    (row,) = yard.rows()
    (run,) = yard.runs()

    assert row["phone"] == "dev-1"
    assert row["ms"] == 1000.0
    assert row["power_w"] == 3.5
    assert row["_meta_dataset"] == "phones"
    assert row["when"].endswith("Z")
    assert (run.dataset, run.source_kind) == ("phones", "job")


def test_nothing_is_doubled_when_complete_is_repeated(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)

    answers = [yard.complete(job_id, attempt), yard.complete(job_id, attempt, output="Other.")]

    assert [answer.status for answer in answers] == [200, 200]
    assert len(yard.runs()) == 1
    assert yard.user().get(f"/api/jobs/{job_id}/result").json()["output"] == "Because."


def test_the_holder_gets_the_same_answer_when_it_claims_again(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]

    answers = [yard.say("claim", job_id).json(), yard.say("claim", job_id).json()]

    assert answers[0] == answers[1]
    assert answers[0]["attempt"] == 1


def test_the_second_device_is_refused_when_two_claim(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    yard.claim(job_id, "dev-1")
    yard.add("dev-2")

    refused = yard.say("claim", job_id, "dev-2")

    assert (refused.status, refused.code) == (409, "job_leased")


def test_another_device_takes_over_when_the_lease_has_run_out(yard: Yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.claim(job_id, "dev-1")
    held_clock.advance(61)
    yard.add("dev-2")
    too_soon = yard.say("claim", job_id, "dev-2")
    held_clock.advance(5)

    attempt = yard.claim(job_id, "dev-2")
    zombie = yard.complete(job_id, 1, "dev-1")
    done = yard.complete(job_id, attempt, "dev-2")

    assert (too_soon.status, attempt) == (410, 2)
    assert (zombie.status, zombie.code) == (409, "lease_lost")
    assert done.json()["status"] == "succeeded"
    assert [run.device for run in yard.runs()] == ["dev-2"]
    assert [a["failure"] and a["failure"]["code"] for a in yard.job(job_id)["attempts"]] == [
        "device_lost",
        None,
    ]


def test_the_lease_holds_when_the_device_beats(yard: Yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    yard.add("dev-2")

    for _ in range(6):
        held_clock.advance(15)
        beat = yard.say("heartbeat", job_id, attempt=attempt, telemetry={"battery": 55.0})
        assert beat.json() == {"cancel": False}
    refused = yard.say("claim", job_id, "dev-2")

    assert refused.code == "job_leased"


def test_the_attempt_is_over_when_it_exceeds_its_timeout(yard: Yard, held_clock) -> None:
    job_id = yard.submit(timeout_s=10)["job_id"]
    attempt = yard.claim(job_id)
    held_clock.advance(41)

    beat = yard.say("heartbeat", job_id, attempt=attempt)

    assert (beat.status, beat.code) == (409, "lease_lost")
    job = yard.job(job_id)
    assert job["status"] == "queued"
    assert job["failure"] == {
        "code": "timeout",
        "message": "the attempt took longer than 10 s",
        "retryable": True,
        "device": "dev-1",
    }


def test_it_is_tried_again_when_a_failure_is_retryable(yard: Yard, held_clock: HeldClock) -> None:
    job_id = yard.submit()["job_id"]

    failed = yard.fail(job_id, yard.claim(job_id))
    held_clock.advance(5)
    again = yard.claim(job_id)

    assert failed.json()["status"] == "queued"
    assert again == 2
    assert yard.runs() == []


def test_it_is_dead_with_one_failed_run_when_attempts_are_used_up(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(max_attempts=2)["job_id"]

    yard.fail(job_id, yard.claim(job_id))
    held_clock.advance(5)
    last = yard.fail(job_id, yard.claim(job_id))
    job = yard.job(job_id)

    assert last.json()["status"] == "dead"
    assert (job["status"], job["attempt"], job["failure"]["code"]) == ("dead", 2, "runtime_crash")
    (run,) = yard.runs()
    assert (run.ok, run.job_id, run.device) == (False, job_id, "dev-1")


@pytest.mark.parametrize("code", ["model_not_found", "invalid_argument"])
def test_it_is_dead_at_once_when_retrying_cannot_cure_the_failure(yard: Yard, code: str) -> None:
    job_id = yard.submit()["job_id"]

    answer = yard.fail(job_id, yard.claim(job_id), code=code, retryable=True)

    assert answer.json()["status"] == "dead"


def test_the_same_answer_comes_when_fail_is_repeated(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)

    answers = [yard.fail(job_id, attempt), yard.fail(job_id, attempt)]

    assert [answer.status for answer in answers] == [200, 200]
    assert yard.job(job_id)["attempt"] == 1


def test_the_message_may_go_when_the_job_is_gone(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))

    answers = [yard.say("claim", job_id), yard.say("claim", "job_01J00000000000000000000000")]

    assert [(answer.status, answer.code) for answer in answers] == [(410, "job_gone")] * 2


def test_the_result_is_refused_while_it_is_not_there(yard: Yard) -> None:
    job_id = yard.submit(max_attempts=1)["job_id"]

    early = yard.user().get(f"/api/jobs/{job_id}/result")
    yard.fail(job_id, yard.claim(job_id))
    never = yard.user().get(f"/api/jobs/{job_id}/result")

    assert (early.status, early.code) == (409, "job_not_finished")
    assert int(early.headers["retry-after"]) > 0
    assert (never.status, never.code) == (409, "job_has_no_result")


@pytest.mark.parametrize("state", ["queued", "succeeded"])
def test_the_message_may_be_deleted_when_another_device_has_or_had_the_job(yard, state) -> None:
    job_id = yard.submit()["job_id"]
    yard.add("dev-2")
    if state == "succeeded":
        yard.complete(job_id, yard.claim(job_id, "dev-1"), "dev-1")

    answer = yard.say("claim", job_id, "dev-2")

    assert yard.job(job_id)["status"] == state
    assert (answer.status, answer.code) == (410, "job_gone")
