"""Another try because somebody asks for it, and URLs that are left alone."""

import json
from typing import Any

import pytest

from shared.accounts import webhook_secrets
from shared.callbacks import CallbackUrls
from tests.kit.yard import Yard


@pytest.fixture
def redeliver(yard: Yard) -> Any:
    """`redeliver(job_id, webhook_id)`: ask for another try."""

    def ask(job_id: str, webhook_id: str, user: str = "ada", key: str | None = None) -> Any:
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/api/jobs/{job_id}/callbacks/{webhook_id}/redeliver"
        return yard.user(user).post(path, headers=headers)

    return ask


def test_the_same_bytes_go_out_with_a_new_timestamp_when_redelivered(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id = tries(job_id)[0]["webhook_id"]
    held_clock.advance(3_600)

    answer = redeliver(job_id, webhook_id)
    outbox.deliver_all()

    first, again = receiver.received
    assert (answer.status, answer.json()["type"]) == (202, "job.succeeded")
    assert again.body == first.body
    assert again.headers["webhook-id"] == first.headers["webhook-id"] == webhook_id
    assert again.headers["webhook-timestamp"] != first.headers["webhook-timestamp"]
    assert again.headers["webhook-signature"] != first.headers["webhook-signature"]
    assert [(tried["trigger"], tried["ok"]) for tried in tries(job_id)] == [
        ("redeliver", True),
        ("schedule", True),
    ]


@pytest.mark.parametrize("status", [500, 410])
def test_it_arrives_when_redelivered_after_giving_up(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock, status
) -> None:
    receiver.status = status
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id, made = tries(job_id)[0]["webhook_id"], len(tries(job_id))
    receiver.status = 204

    redeliver(job_id, webhook_id)
    outbox.deliver_all()

    assert made == (1 if status == 410 else 7)
    assert (tries(job_id)[0]["ok"], len(tries(job_id))) == (True, made + 1)
    assert not CallbackUrls(yard.tables["JobsTable"]).disabled("ada", receiver.url)


def test_the_schedule_goes_on_when_a_redelivery_fails(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    receiver.status = 500
    job_id = ended_job(receiver.url)
    yard.deliver(outbox.take_one())
    planned = outbox.take_one()
    webhook_id = tries(job_id)[0]["webhook_id"]

    redeliver(job_id, webhook_id)
    yard.deliver(outbox.take_one())
    held_clock.advance(5)
    asked, first = tries(job_id)
    assert outbox.take() == []
    yard.deliver(planned)

    assert (asked["trigger"], asked["next_at"]) == ("redeliver", first["next_at"])
    assert outbox.take_one()["try"] == 3
    assert [tried["trigger"] for tried in tries(job_id)] == ["schedule", "redeliver", "schedule"]


def test_the_schedule_ends_when_a_redelivery_succeeds(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    receiver.status = 500
    job_id = ended_job(receiver.url)
    yard.deliver(outbox.take_one())
    planned = outbox.take_one()
    receiver.status = 200

    redeliver(job_id, tries(job_id)[0]["webhook_id"])
    yard.deliver(outbox.take_one())
    held_clock.advance(5)
    yard.deliver(planned)

    assert outbox.take() == []
    assert len(receiver.received) == 2


def test_one_try_is_made_when_a_redelivery_is_asked_for_or_delivered_twice(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id = tries(job_id)[0]["webhook_id"]

    answers = [redeliver(job_id, webhook_id, key="k"), redeliver(job_id, webhook_id, key="k")]
    message = outbox.take_one()
    yard.deliver(message, message)
    yard.deliver(message)

    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert answers[0].json() == answers[1].json()
    assert len(receiver.received) == 2


def test_it_is_refused_while_a_try_is_being_made(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id = tries(job_id)[0]["webhook_id"]
    redeliver(job_id, webhook_id)

    refused = redeliver(job_id, webhook_id)
    held_clock.advance(61)
    outbox.take()
    again = redeliver(job_id, webhook_id)

    assert (refused.status, refused.code) == (409, "callback_in_flight")
    assert int(refused.headers["retry-after"]) > 0
    assert again.status == 202


def test_it_is_refused_when_redelivered_fifty_times(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    job_id = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id = tries(job_id)[0]["webhook_id"]
    table = yard.tables["JobsTable"]
    item = table.get(f"JOB#{job_id}", f"CALLBACK#{webhook_id}")
    table.put({**item, "redeliveries": 50})

    answer = redeliver(job_id, webhook_id)

    assert (answer.status, answer.code) == (409, "redeliver_limit_reached")


def test_it_is_not_found_when_it_is_anothers_or_none(
    yard, receiver, outbox, ended_job, tries, redeliver, held_clock
) -> None:
    job_id = ended_job(receiver.url)
    other = ended_job(receiver.url)
    outbox.deliver_all()
    webhook_id = tries(job_id)[0]["webhook_id"]

    answers = [
        redeliver(job_id, webhook_id, user="eve"),
        redeliver(job_id, "evt_none"),
        redeliver(other, webhook_id),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [
        (404, "job_not_found"),
        (404, "callback_not_found"),
        (404, "callback_not_found"),
    ]


def test_nothing_more_is_sent_to_a_url_when_it_has_answered_410(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    receiver.status = 500
    waiting = ended_job(receiver.url)
    yard.deliver(outbox.take_one())
    planned = outbox.take_one()
    receiver.status = 410
    gone = ended_job(receiver.url)
    outbox.deliver_all()
    receiver.status = 200
    later = ended_job(f"{receiver.url}#fragments-are-not-sent")
    outbox.deliver_all()
    held_clock.advance(5)
    yard.deliver(planned)

    assert len(receiver.received) == 2
    assert [tries(job)[0]["error"] for job in (gone, later, waiting)] == [
        "gone",
        "disabled",
        "disabled",
    ]
    assert [tries(job)[0]["next_at"] for job in (gone, later, waiting)] == [None] * 3
    assert outbox.take() == []


def test_others_and_other_urls_are_served_when_a_url_is_disabled(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    receiver.status = 410
    ended_job(receiver.url)
    outbox.deliver_all()
    receiver.status = 200

    other_path = ended_job(f"{receiver.url}/other")
    job_id = yard.submit(user="eve", callback_url=receiver.url)["job_id"]
    yard.complete(job_id, yard.claim(job_id))
    outbox.deliver_all()

    assert tries(other_path)[0]["ok"]
    assert [json.loads(one.body)["data"]["job_id"] for one in receiver.received[1:]] == [
        other_path,
        job_id,
    ]


def test_a_disabled_url_is_tried_again_after_a_month(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    receiver.status = 410
    ended_job(receiver.url)
    outbox.deliver_all()
    receiver.status = 200
    held_clock.advance(30 * 86_400 + 1)

    job_id = ended_job(receiver.url)
    outbox.deliver_all()

    assert tries(job_id)[0]["ok"]


def test_a_dry_run_says_so_when_the_url_is_disabled(
    yard, receiver, outbox, ended_job, held_clock
) -> None:
    receiver.status = 410
    ended_job(receiver.url)
    outbox.deliver_all()
    body = {"prompt": "?", "model": "m", "callback_url": receiver.url}

    dry = yard.user().post("/api/jobs?dry_run=1", json=body).json()
    others = yard.user("eve").post("/api/jobs?dry_run=1", json=body).json()

    assert "callback_url_disabled" in dry["reasons"]
    assert "callback_url_disabled" not in others["reasons"]


def test_the_secret_of_the_owner_signs_when_redelivered(yard, receiver, outbox, ended_job) -> None:
    from standardwebhooks.webhooks import Webhook

    job_id = ended_job(receiver.url)
    yard.deliver(outbox.take_one())
    webhook_id = receiver.received[0].headers["webhook-id"]
    yard.user().post(f"/api/jobs/{job_id}/callbacks/{webhook_id}/redeliver")
    yard.deliver(outbox.take_one())

    (secret,) = webhook_secrets(yard.tables["AccountsTable"], "ada")
    for received in receiver.received:
        Webhook(secret).verify(received.body, received.headers)
