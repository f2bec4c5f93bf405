"""Long logs: put by the device at a signed address, shown by another, gone with the job."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kit.gateway import ApiResponse
from tests.kit.yard import Yard

LOG = b"a long log\n" * 1000


@pytest.fixture
def job_id(yard: Yard) -> str:
    """A job that dev-1 runs, in its first attempt."""
    claimed = str(yard.submit()["job_id"])
    yard.claim(claimed)
    return claimed


def asked(yard: Yard, job_id: str, serial: str = "dev-1", **fields: Any) -> ApiResponse:
    return yard.say("log_upload", job_id, serial, **{"attempt": 1, "bytes": len(LOG), **fields})


def put(yard: Yard, url: str, content: bytes = LOG) -> None:
    """What S3 does with a PUT to the address; that it takes it, the local cloud shows."""
    yard.bucket.put(key_of(yard, url), content)


def key_of(yard: Yard, url: str) -> str:
    return urlsplit(url).path.removeprefix(f"/{yard.bucket.name}/")


def test_address_is_for_one_key_of_the_job_when_its_device_asks(yard, held_clock, job_id) -> None:
    answer = asked(yard, job_id)

    place = answer.json()
    assert answer.status == 200
    assert key_of(yard, place["url"]) == f"jobs/ada/{job_id}/log-1.txt"
    assert place["headers"] == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(LOG)),
    }
    assert place["expires_at"].endswith("Z")


def test_result_gives_an_address_and_the_size_when_the_log_was_uploaded(yard, job_id) -> None:
    put(yard, asked(yard, job_id).json()["url"])

    done = yard.complete(job_id, 1, log_uploaded=True)

    full = yard.user().get(f"/api/jobs/{job_id}/result?full=1").json()
    assert (done.status, done.json()["status"]) == (200, "succeeded")
    assert (full["log"], full["log_bytes"]) == (None, len(LOG))
    assert key_of(yard, full["log_url"]) == f"jobs/ada/{job_id}/log-1.txt"
    assert "X-Amz-Expires=3600" in full["log_url"]
    assert "log_url" not in yard.user().get(f"/api/jobs/{job_id}/result").json()


def test_result_is_the_same_when_complete_is_repeated(yard, job_id) -> None:
    put(yard, asked(yard, job_id).json()["url"])

    answers = [yard.complete(job_id, 1, log_uploaded=True) for _ in range(2)]

    assert [(each.status, each.json()["status"]) for each in answers] == [(200, "succeeded")] * 2
    assert len(yard.runs()) == 1


def test_result_is_refused_when_the_log_is_not_there(yard, job_id) -> None:
    refused = yard.complete(job_id, 1, log_uploaded=True)

    assert (refused.status, refused.code) == (422, "log_not_uploaded")
    assert yard.job(job_id)["status"] == "running"
    assert yard.complete(job_id, 1).status == 200


@pytest.mark.parametrize(
    ("serial", "fields", "status", "code"),
    [
        ("dev-1", {"attempt": 2}, 409, "lease_lost"),
        ("dev-2", {}, 409, "lease_lost"),
        ("dev-1", {"bytes": 50 * 2**20 + 1}, 413, "too_large"),
        ("dev-1", {"bytes": 0}, 422, "validation_failed"),
        ("dev-1", {"bytes": "1"}, 422, "validation_failed"),
    ],
)
def test_no_address_is_given_when_it_is_not_due(
    yard, job_id, serial: str, fields: dict[str, Any], status: int, code: str
) -> None:
    yard.register("dev-2")

    answer = asked(yard, job_id, serial, **fields)

    assert (answer.status, answer.code) == (status, code)


def test_largest_log_is_taken_when_it_has_exactly_50_mb(yard, job_id) -> None:
    assert asked(yard, job_id, bytes=50 * 2**20).status == 200


def test_no_address_is_given_when_the_job_has_ended(yard, job_id) -> None:
    yard.complete(job_id, 1)

    assert asked(yard, job_id).code == "lease_lost"
    assert asked(yard, "job_unknown").code == "job_gone"


def test_log_is_gone_when_its_job_is_removed(yard, job_id) -> None:
    put(yard, asked(yard, job_id).json()["url"])
    yard.fail(job_id, 1, code="invalid_argument", retryable=False)

    yard.user().delete(f"/jobs/{job_id}")

    assert list(yard.bucket.list("jobs/")) == []
