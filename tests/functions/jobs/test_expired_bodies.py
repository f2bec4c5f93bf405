"""Prompts and results are kept for a limited time; the job stays."""

from shared.aws import Bucket
from tests.kit.yard import METRICS, Yard


def expire_bodies(bucket: Bucket) -> None:
    """As the bucket's lifecycle does."""
    bucket.delete([stored.key for stored in bucket.list("jobs/")])


def test_result_and_prompt_are_gone_and_the_job_stays(yard: Yard, bucket: Bucket) -> None:
    job_id = yard.submit()["job_id"]
    phone = yard.device()
    claimed = phone.post(f"/devices/dev-1/jobs/{job_id}/claim", json={}).json()
    report = {"attempt": claimed["attempt"], "output": "Because.", "metrics": METRICS}
    assert phone.post(f"/devices/dev-1/jobs/{job_id}/complete", json=report).status == 200
    expire_bodies(bucket)

    answers = [yard.user().get(f"/api/jobs/{job_id}{rest}") for rest in ("", "/result")]

    assert [(one.status, one.code) for one in answers] == [(410, "job_body_expired")] * 2
    (listed,) = yard.user().get("/api/jobs").json()["data"]
    assert (listed["job_id"], listed["status"]) == (job_id, "succeeded")


def test_device_is_told_to_leave_a_job_whose_prompt_is_gone(yard: Yard, bucket: Bucket) -> None:
    job_id = yard.submit()["job_id"]
    expire_bodies(bucket)

    claimed = yard.device().post(f"/devices/dev-1/jobs/{job_id}/claim", json={})

    assert (claimed.status, claimed.code) == (410, "job_gone")
