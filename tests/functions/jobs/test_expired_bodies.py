"""Prompts and results are kept for a limited time; the job stays."""

import pytest

from shared.aws import Bucket
from tests.conftest import HeldClock
from tests.kit.yard import LARGE, Yard

DAY_S = 86_400


def expire_bodies(bucket: Bucket, held_clock: HeldClock) -> None:
    """As the bucket's lifecycle does, and as time does to items."""
    bucket.delete([stored.key for stored in bucket.list("jobs/")])
    held_clock.advance(400 * DAY_S)


@pytest.mark.parametrize("text", ["Why?", LARGE], ids=["small", "large"])
def test_result_and_prompt_are_gone_and_the_job_stays(
    yard: Yard, bucket: Bucket, held_clock: HeldClock, text: str
) -> None:
    job_id = yard.submit(prompt=text)["job_id"]
    assert yard.complete(job_id, yard.claim(job_id), output=text).status == 200
    expire_bodies(bucket, held_clock)

    answers = [yard.user().get(f"/api/jobs/{job_id}{rest}") for rest in ("", "/result")]

    assert [(one.status, one.code) for one in answers] == [(410, "job_body_expired")] * 2
    (listed,) = yard.user().get("/api/jobs").json()["data"]
    assert (listed["job_id"], listed["status"]) == (job_id, "succeeded")


@pytest.mark.parametrize("text", ["Why?", LARGE], ids=["small", "large"])
def test_device_is_told_to_leave_a_job_whose_prompt_is_gone(
    yard: Yard, bucket: Bucket, held_clock: HeldClock, text: str
) -> None:
    job_id = yard.submit(prompt=text)["job_id"]
    expire_bodies(bucket, held_clock)

    claimed = yard.say("claim", job_id)

    assert (claimed.status, claimed.code) == (410, "job_gone")


def test_items_are_there_until_their_day_and_the_table_removes_them_then(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit()["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    submitted_s = held_clock.now_us // 1_000_000

    held_clock.advance(400 * DAY_S - 1)

    assert yard.job(job_id)["prompt"] == "Why?"
    items = list(yard.tables["JobsTable"].query("USER#ada", prefix=f"BODY#{job_id}#"))
    assert [item["expires_at"] for item in items] == [submitted_s + 400 * DAY_S] * 2
