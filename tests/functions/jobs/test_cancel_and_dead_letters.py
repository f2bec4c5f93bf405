"""Cancelling, and what users can do about dead jobs."""

from collections import Counter
from typing import Any

import pytest

from tests.kit.yard import Yard


def dead_job(yard: Yard, user: str = "ada", code: str = "model_invalid", **fields: Any) -> str:
    job_id = str(yard.submit(user, **fields)["job_id"])
    yard.fail(job_id, yard.claim(job_id), code=code, retryable=False)
    return job_id


def test_it_is_cancelled_at_once_when_it_waits(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]

    answer = yard.user().post(f"/api/jobs/{job_id}/cancel")
    claim = yard.say("claim", job_id)
    again = yard.user().post(f"/api/jobs/{job_id}/cancel")

    assert (answer.status, answer.json()["status"]) == (200, "cancelled")
    assert (claim.status, claim.code) == (410, "job_gone")
    assert (again.status, again.code) == (409, "job_already_finished")


def test_the_device_hears_of_it_when_a_running_job_is_cancelled(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)

    asked = [yard.user().post(f"/api/jobs/{job_id}/cancel") for _ in range(2)]
    beat = yard.say("heartbeat", job_id, attempt=attempt)
    confirmed = yard.fail(job_id, attempt, code="cancelled", retryable=False)

    assert [(a.status, a.json()["status"]) for a in asked] == [(202, "cancelling")] * 2
    assert beat.json() == {"cancel": True}
    assert confirmed.json()["status"] == "cancelled"
    assert yard.job(job_id)["status"] == "cancelled"
    assert yard.runs() == []


def test_the_cancel_stands_when_the_device_completes_nevertheless(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)
    yard.user().post(f"/api/jobs/{job_id}/cancel")

    answers = [yard.complete(job_id, attempt) for _ in range(2)]

    assert [answer.json()["status"] for answer in answers] == ["cancelled"] * 2
    assert yard.runs() == []


def test_cancelling_ends_when_the_device_is_never_heard_of_again(yard: Yard, held_clock) -> None:
    job_id = yard.submit()["job_id"]
    yard.claim(job_id)
    yard.user().post(f"/api/jobs/{job_id}/cancel")
    held_clock.advance(70)

    yard.sweep()

    assert yard.job(job_id)["status"] == "cancelled"


def test_dead_jobs_are_listed_latest_first_when_asked(yard: Yard) -> None:
    made = [dead_job(yard) for _ in range(3)]
    dead_job(yard, "eve")

    page = yard.user().get("/jobs/dlq", params={"limit": 2}).json()
    rest = yard.user().get("/jobs/dlq", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    everybody = yard.user("root", admin=True).get("/jobs/dlq").json()["data"]
    eves = yard.user("root", admin=True).get("/jobs/dlq?user_id=eve").json()["data"]

    listed = [job["job_id"] for job in page["data"] + rest["data"]]
    assert listed == made[::-1]
    assert not rest["has_more"]
    assert page["data"][0]["failure"]["code"] == "model_invalid"
    assert page["data"][0]["dead_at"].endswith("Z")
    assert len(everybody) == 4
    assert [job["user_id"] for job in eves] == ["eve"]
    assert yard.user().get("/jobs/dlq?user_id=eve").status == 403


@pytest.mark.parametrize("letter", ["\U0001f600", "\x01", '"', "\\", "\u2028"])
def test_a_job_waits_runs_and_dies_whatever_its_model_is_called(yard: Yard, letter: str) -> None:
    """Names of models stand in keys, of which none has more than 1,024 bytes."""
    model = letter * 256
    yard.register()
    first, second = (str(yard.submit(model=model)["job_id"]) for _ in range(2))

    yard.fail(first, yard.claim(first), code="model_invalid", retryable=False)

    assert [yard.job(each)["status"] for each in (first, second)] == ["dead", "queued"]
    listed = yard.user().get("/jobs/dlq", params={"model": model}).json()["data"]
    assert [each["job_id"] for each in listed] == [first]
    yard.complete(second, yard.claim(second))
    assert yard.job(second)["status"] == "succeeded"


def test_failures_are_counted_when_grouped(yard: Yard) -> None:
    for code in ("model_invalid", "invalid_argument", "invalid_argument"):
        newest = dead_job(yard, code=code)

    groups = yard.user().get("/jobs/dlq?group_by=failure").json()["data"]

    assert [(g["code"], g["count"]) for g in groups] == [
        ("invalid_argument", 2),
        ("model_invalid", 1),
    ]
    assert groups[0]["newest"]["job_id"] == newest


def test_only_jobs_that_died_alike_are_listed_and_counted_when_a_failure_is_wanted(
    yard: Yard,
) -> None:
    codes = ("model_invalid", "invalid_argument")
    made = [dead_job(yard, code=codes[number % 2]) for number in range(6)]
    user = yard.user()

    page = user.get("/jobs/dlq?failure=invalid_argument&limit=2").json()
    cursor = page["next_cursor"]
    rest = user.get(f"/jobs/dlq?failure=invalid_argument&limit=2&cursor={cursor}").json()
    other = user.get(f"/jobs/dlq?failure=model_invalid&cursor={cursor}")
    groups = user.get("/jobs/dlq?failure=invalid_argument&group_by=device").json()["data"]

    assert [job["job_id"] for job in page["data"] + rest["data"]] == made[5::-2]
    assert rest["has_more"] is False
    assert (other.status, other.code) == (400, "cursor_mismatch")
    assert [(each["device"], each["count"]) for each in groups] == [("dev-1", 3)]
    assert user.get("/jobs/dlq?failure=other").json()["data"] == []


def test_attempts_start_anew_when_a_dead_job_is_requeued(yard: Yard) -> None:
    yard.add("dev-2", queue_tags=["short"])
    job_id = dead_job(yard)

    answer = yard.user().post(
        f"/jobs/{job_id}/requeue",
        json={"queue_tag": "short", "options": {"num_predict": 3}, "max_attempts": 5},
    )
    message = yard.receive("dev-2")
    claim = yard.say("claim", job_id, "dev-2").json()
    done = yard.complete(job_id, claim["attempt"], "dev-2")

    queued = answer.json()
    assert answer.status == 202
    assert (queued["status"], queued["attempt"], queued["max_attempts"]) == ("queued", 0, 5)
    assert queued["failure"] is None
    assert message is not None
    assert claim["options"] == {"num_predict": 3}
    assert done.json()["status"] == "succeeded"
    assert (claim["attempt"], yard.job(job_id)["attempt"]) == (1, 1)
    assert [each["attempt"] for each in yard.job(job_id)["attempts"]] == [1, 1]
    assert yard.user().get("/jobs/dlq").json()["data"] == []
    assert sorted(run.ok for run in yard.runs()) == [False, True]


def test_a_zombie_is_refused_when_its_job_was_requeued_meanwhile(yard: Yard) -> None:
    job_id = str(yard.submit(max_attempts=1)["job_id"])
    before = yard.say("claim", job_id)
    fence = before.headers["x-evalyard-attempt"]
    yard.fail(job_id, before.json()["attempt"], fence=fence)
    yard.user().post(f"/jobs/{job_id}/requeue")
    after = yard.say("claim", job_id)

    late = [
        yard.say("heartbeat", job_id, attempt=1, fence=fence),
        yard.complete(job_id, 1, fence=fence),
        yard.fail(job_id, 1, fence=fence),
        yard.fail(job_id, 1, fence="none of ours"),
    ]

    assert after.json()["attempt"] == before.json()["attempt"] == 1
    assert [answer.code for answer in late] == ["lease_lost"] * 4
    done = yard.complete(job_id, 1, fence=after.headers["x-evalyard-attempt"])
    assert done.json()["status"] == "succeeded"


def test_it_is_gone_when_a_dead_job_is_deleted(yard: Yard) -> None:
    job_id = dead_job(yard)

    answer = yard.user().delete(f"/jobs/{job_id}")

    assert answer.status == 204
    assert yard.user().get(f"/api/jobs/{job_id}").status == 404
    assert yard.user().get("/jobs/dlq").json()["data"] == []
    assert list(yard.bucket.list(f"jobs/ada/{job_id}/")) == []
    assert yard.say("claim", job_id).code == "job_gone"


def test_only_dead_jobs_are_requeued_or_deleted(yard: Yard) -> None:
    job_id = yard.submit()["job_id"]

    answers = [yard.user().post(f"/jobs/{job_id}/requeue"), yard.user().delete(f"/jobs/{job_id}")]

    assert [(answer.status, answer.code) for answer in answers] == [(409, "job_not_dead")] * 2


def test_lists_and_counts_agree_when_jobs_die_come_back_and_go(yard: Yard, held_clock) -> None:
    codes = ("model_invalid", "invalid_argument", "unsupported")
    jobs = [dead_job(yard, code=codes[number % 3]) for number in range(9)]
    jobs.append(str(yard.submit()["job_id"]))
    yard.collect({"job_id": jobs[-1], "attempt": 0})
    yard.user().delete(f"/jobs/{jobs[0]}")
    yard.user().post(f"/jobs/{jobs[2]}/requeue")
    yard.fail(jobs[2], yard.claim(jobs[2]), code="invalid_argument", retryable=False)
    yard.user().post(f"/jobs/{jobs[1]}/requeue")

    letters = yard.user().get("/jobs/dlq?limit=100").json()["data"]
    listed = yard.user().get("/api/jobs?status=dead&limit=100").json()["data"]
    groups = yard.user().get("/jobs/dlq?group_by=failure").json()["data"]

    expected = set(jobs) - {jobs[0], jobs[1]}
    assert {job["job_id"] for job in letters} == {job["job_id"] for job in listed} == expected
    assert {group["code"]: group["count"] for group in groups} == Counter(
        job["failure"]["code"] for job in letters
    )


def test_a_requeue_is_refused_when_its_device_is_not_for_the_job(yard: Yard) -> None:
    yard.register("other-model", models=["other"])
    yard.api("accounts", user="root", admin=True).post("/accounts/users", json={"user_id": "eve"})
    yard.register("eves", owner="eve")
    path = f"/jobs/{dead_job(yard)}/requeue"

    answers = [
        yard.user().post(path, json={"device_serial": serial})
        for serial in ("other-model", "eves", "nobody")
    ]

    assert [(answer.status, answer.code) for answer in answers] == [
        (422, "model_not_on_device"),
        (422, "device_not_found"),
        (422, "device_not_found"),
    ]
