"""Jobs of every size that is accepted can be read, claimed and failed as often as allowed."""

import json
from typing import Any

import pytest

from shared.aws import Bucket
from shared.http.answers import MAX_ANSWER_BYTES
from shared.jobs.job import MAX_ATTEMPTS_KEPT, Attempt, Failure, stored_attempts
from tests.conftest import HeldClock
from tests.functions.jobs.test_cancel_and_dead_letters import dead_job
from tests.kit.yard import LARGE, Yard

# Four bytes each, and twelve in the JSON that Lambda passes on.
WIDE = "\U0001f600"


def nested(levels: int) -> Any:
    """Arrays in one another."""
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def largest() -> dict[str, Any]:
    """A job that asks as much as it may."""
    options = {"grammar": WIDE * 32_000}
    return {"prompt": WIDE * 200_000, "model": "m", "system": WIDE * 200_000, "options": options}


def fits(document: object) -> bool:
    """Whether Lambda would pass a document on, in the runtime that takes the most room."""
    return len(json.dumps(json.dumps(document, ensure_ascii=False))) <= MAX_ANSWER_BYTES


def test_options_may_be_nested_as_deep_as_rows(yard: Yard) -> None:
    job_id = yard.submit(options={"deep": nested(63)})["job_id"]

    claimed = yard.say("claim", job_id)

    assert claimed.status == 200
    assert claimed.json()["options"] == {"deep": nested(63)}
    assert yard.job(job_id)["options"] == {"deep": nested(63)}


@pytest.mark.parametrize("levels", [64, 260])
def test_422_when_options_are_nested_deeper(yard: Yard, levels: int) -> None:
    body = {"prompt": "p", "model": "m", "options": {"deep": nested(levels)}}
    dead = dead_job(yard)

    submitted = yard.user().post("/api/jobs", json=body)
    requeued = yard.user().post(f"/jobs/{dead}/requeue", json={"options": body["options"]})

    assert (submitted.status, submitted.code) == (422, "too_deep")
    assert (requeued.status, requeued.code) == (422, "too_deep")
    assert yard.job(dead)["status"] == "dead"
    assert [job["job_id"] for job in yard.user().get("/api/jobs").json()["data"]] == [dead]


@pytest.mark.parametrize(
    "members", [{"telemetry": {"a": nested(64)}}, {"samples": [{"a": nested(64)}]},
                {"provenance": {"a": nested(300)}}, {"extra": {"a": nested(64)}}]
)  # fmt: skip
def test_422_when_what_a_device_reports_is_nested_too_deep(
    yard: Yard, members: dict[str, Any]
) -> None:
    job_id = yard.submit()["job_id"]
    attempt = yard.claim(job_id)

    answer = yard.complete(job_id, attempt, **members)

    assert (answer.status, answer.code) == (422, "too_deep")
    assert yard.job(job_id)["status"] == "running"


def test_422_when_options_are_too_large(yard: Yard) -> None:
    body = {"prompt": "p", "model": "m", "options": {"grammar": WIDE * 33_000}}

    answer = yard.user().post("/api/jobs", json=body)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["code"] == "options_too_large"


def test_the_largest_job_can_be_claimed_and_read(yard: Yard) -> None:
    wanted = largest()
    body = json.dumps(wanted, ensure_ascii=False).encode()
    headers = {"content-type": "application/json"}
    job_id = yard.user().post("/api/jobs", content=body, headers=headers).json()["job_id"]

    claimed = yard.say("claim", job_id)

    assert claimed.status == 200
    assert claimed.json()["prompt"] == wanted["prompt"]
    assert fits(claimed.json())
    assert yard.job(job_id)["system"] == wanted["system"]


def test_no_attempt_is_taken_when_the_answer_would_be_too_large(yard: Yard, bucket: Bucket) -> None:
    job_id = yard.submit(prompt=LARGE)["job_id"]
    # As one from before there was a limit.
    asked = {"prompt": WIDE * 600_000, "system": None, "options": {}}
    key = next(stored.key for stored in bucket.list(f"jobs/ada/{job_id}/"))
    bucket.put(key, json.dumps(asked, ensure_ascii=False).encode())

    answer = yard.say("claim", job_id)

    assert (answer.status, answer.code) == (413, "job_too_large")
    listed = yard.user().get("/api/jobs").json()["data"][0]
    assert (listed["status"], listed["attempt"]) == ("queued", 0)


@pytest.mark.exhaustive
def test_a_job_may_fail_again_and_again_with_long_messages(
    yard: Yard, held_clock: HeldClock
) -> None:
    job_id = yard.submit(max_attempts=10)["job_id"]
    message = WIDE * 4_000

    for round_ in range(3):
        for _ in range(10):
            held_clock.advance(120)
            yard.report()
            attempt = yard.claim(job_id)
            said = {"attempt": attempt, "code": "oops", "message": message, "retryable": True}
            answer = yard.say("fail", job_id, **said)
            assert answer.status == 200, (round_, answer.text)
        assert yard.user().post(f"/jobs/{job_id}/requeue", json={}).status == 202

    attempts = yard.job(job_id)["attempts"]
    assert [attempt["attempt"] for attempt in attempts] == 3 * list(range(1, 11))
    assert attempts[-1]["failure"]["message"] == message
    assert attempts[0]["failure"]["message"] == WIDE * 199 + "…"
    assert fits(attempts)


@pytest.mark.parametrize("message", ["x" * 4_000, WIDE * 4_000, "short"])
def test_attempts_fit_an_item_however_many_there_are(message: str) -> None:
    failure = Failure(code="oops", message=message, retryable=True, device="d" * 64)
    attempts = [
        Attempt(attempt=n, device="d" * 64, started_us=n, ended_us=n, failure=failure)
        for n in range(100)
    ]

    kept = stored_attempts(attempts)

    assert len(kept) == MAX_ATTEMPTS_KEPT
    assert kept[-1]["failure"]["message"] == message
    assert len(json.dumps(kept, ensure_ascii=False).encode()) < 150_000


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("device_serial", "x" * 1_100),
        ("device_serial", ""),
        ("adapter_id", "x" * 1_020),
        ("adapter_id", WIDE),
        ("queue_tag", "x" * 100),
    ],
)
def test_422_when_an_id_in_a_body_can_be_none(yard: Yard, member: str, value: str) -> None:
    body = {"prompt": "p", "model": "m", member: value}

    answer = yard.user().post("/api/jobs", json=body)

    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == f"/{member}"


def test_400_when_a_user_in_a_query_can_be_none(yard: Yard) -> None:
    admin = yard.user("root", admin=True)

    for user_id in ("", "x" * 2_100, "A B"):
        answer = admin.get("/jobs/dlq", params={"user_id": user_id})
        assert (answer.status, answer.code) == (400, "invalid_parameter")


def test_422_when_devices_name_more_models_than_a_list_can_show(yard: Yard) -> None:
    models = [f"{n}{WIDE * 250}" for n in range(40)]

    registered = yard.register("dev-2", models=models)
    reported = yard.device().post("/devices/dev-1/status", json={"ready": True, "models": models})
    reloaded = yard.api("devices", user="root", admin=True).post(
        "/devices/reload", json={"serial": "x" * 1_100}
    )

    assert {registered.status, reported.status, reloaded.status} == {422}
    assert registered.json()["errors"][0]["code"] == "models_too_large"
    assert reported.json()["errors"][0]["pointer"] == "/models"


def test_pages_end_early_when_a_page_is_larger_than_an_answer(yard: Yard) -> None:
    models = [f"{n}{WIDE * 63}" for n in range(120)]
    for number in range(20):
        assert yard.register(f"dev-{number}", models=models).status in (200, 201)
    client = yard.api("devices", user="ada")

    page = client.get("/devices?limit=1000").json()
    seen = [device["serial"] for device in page["data"]]
    while page["has_more"]:
        page = client.get("/devices", params={"limit": 1_000, "cursor": page["next_cursor"]}).json()
        assert fits(page)
        seen += [device["serial"] for device in page["data"]]

    assert seen == sorted(f"dev-{number}" for number in range(20))
