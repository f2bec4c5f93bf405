"""Callbacks from the end of a job to a receiver: signed, tried again, never doubled."""

import json

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.accounts import rotate_webhook_secret, webhook_secrets
from tests.kit.receiver import running_receiver
from tests.kit.yard import Yard


def test_a_signed_callback_arrives_when_a_job_succeeds(
    yard, receiver, outbox, ended_job, tries
) -> None:
    job_id = ended_job(f"{receiver.url}/hook?a=1")

    message = outbox.take_one()
    yard.deliver(message)

    (received,) = receiver.received
    told = json.loads(received.body)
    assert received.path == "/hook?a=1"
    assert told["type"] == "job.succeeded"
    assert told["data"]["job_id"] == job_id
    assert told["data"]["status"] == "succeeded"
    assert told["data"]["result_url"] == f"https://api.example.com/api/jobs/{job_id}/result"
    (secret,) = webhook_secrets(yard.tables["AccountsTable"], "ada")
    assert Webhook(secret).verify(received.body, received.headers) == told
    (tried,) = tries(job_id)
    assert (tried["ok"], tried["status_code"], tried["next_at"]) == (True, 200, None)
    assert tried["webhook_id"] == received.headers["webhook-id"]


@pytest.mark.parametrize("end", ["dead", "cancelled"])
def test_a_callback_tells_how_it_ended_when_a_job_did_not_succeed(
    yard, receiver, outbox, end
) -> None:
    job_id = yard.submit(callback_url=receiver.url)["job_id"]
    if end == "dead":
        yard.fail(job_id, yard.claim(job_id), retryable=False)
    else:
        yard.user().post(f"/api/jobs/{job_id}/cancel")

    message = outbox.take_one()
    yard.deliver(message)

    assert json.loads(receiver.received[0].body)["type"] == f"job.{end}"


def test_one_post_is_made_when_the_message_is_delivered_twice(
    yard, receiver, outbox, ended_job, tries
) -> None:
    ended_job(receiver.url)
    message = outbox.take_one()

    failed = [yard.deliver(message), yard.deliver(message)]

    assert failed == [[], []]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [500, 301, 404])
def test_it_is_tried_again_for_a_day_when_the_receiver_fails(
    yard, receiver, outbox, ended_job, tries, held_clock, status
) -> None:
    receiver.status = status
    job_id = ended_job(receiver.url)

    gaps = outbox.deliver_all()

    assert gaps[:2] == [0, 4]
    for gap, planned in zip(gaps[2:], [300, 1_800, 7_200, 18_000, 36_000], strict=True):
        assert planned <= gap <= planned * 1.1
    assert {received.path for received in receiver.received} == {"/"}
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.headers["webhook-timestamp"] for received in receiver.received}) == 7
    seen = tries(job_id)
    assert len(seen) == 7
    assert (seen[0]["status_code"], seen[0]["error"], seen[0]["next_at"]) == (
        status,
        "not_2xx",
        None,
    )
    assert yard.job(job_id)["status"] == "succeeded"


def test_it_is_counted_once_when_it_is_given_up(
    yard, receiver, outbox, ended_job, held_clock, capsys
) -> None:
    receiver.status = 500
    ended_job(receiver.url)

    outbox.deliver_all()

    assert capsys.readouterr().out.count('"CallbacksGivenUp":[1') == 1


@pytest.mark.parametrize("status", [204, 410])
def test_nothing_is_given_up_when_the_receiver_took_it_or_wants_no_more(
    yard, receiver, outbox, ended_job, held_clock, capsys, status
) -> None:
    receiver.status = status
    ended_job(receiver.url)

    outbox.deliver_all()

    assert "CallbacksGivenUp" not in capsys.readouterr().out


def test_it_hops_when_the_next_try_is_hours_ahead(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    ended_job(receiver.url)
    message = outbox.take_one()
    later = {**message, "due_us": held_clock.now_us + 3_600_000_000}

    yard.deliver(later)

    assert receiver.received == []
    assert outbox.take_one() == later


def test_what_follows_is_queued_again_when_its_message_was_lost(
    yard, receiver, outbox, ended_job, tries
) -> None:
    receiver.status = 500
    ended_job(receiver.url)
    message = outbox.take_one()
    yard.deliver(message)
    lost = outbox.take_one()

    yard.deliver(message)

    assert len(receiver.received) == 1
    assert outbox.take_one() == lost


def test_a_cut_off_try_is_made_again_after_a_while(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    ended_job(receiver.url)
    message = outbox.take_one()
    key = (f"JOB#{message['job_id']}", f"CALLBACK#{message['webhook_id']}")
    item = yard.tables["JobsTable"].get(*key)
    yard.tables["JobsTable"].put({**item, "running": "cut", "running_us": held_clock.now_us})

    early = yard.deliver(message)
    held_clock.advance(61)
    late = yard.deliver(message)

    assert (early, late) == (["message-0"], [])
    assert len(receiver.received) == 1
    assert [tried["error"] for tried in tries(message["job_id"])] == [None, "outcome_unknown"]


def test_nothing_is_sent_when_the_address_is_private(yard, outbox, ended_job, tries) -> None:
    with running_receiver() as receiver:
        job_id = ended_job("https://example.com/x")
        message = outbox.take_one()
        key = (f"JOB#{job_id}", f"CALLBACK#{message['webhook_id']}")
        item = yard.tables["JobsTable"].get(*key)
        url = receiver.url.replace("http:", "https:")
        yard.tables["JobsTable"].put({**item, "url": url})

        yard.deliver(message)

    (tried,) = tries(job_id)
    assert (tried["error"], tried["status_code"]) == ("address_refused", None)
    assert receiver.received == []


def test_it_is_dropped_when_a_message_is_not_one_or_its_job_is_gone(yard: Yard) -> None:
    gone = {"job_id": "job_x", "webhook_id": "evt_x", "try": 1, "due_us": 0}

    assert yard.deliver("not json", {"job_id": 1}, gone) == []


def test_both_secrets_verify_when_the_secret_was_rotated(yard, receiver, outbox, ended_job) -> None:
    accounts = yard.tables["AccountsTable"]
    (old,) = webhook_secrets(accounts, "ada")
    ended_job(receiver.url)
    new = rotate_webhook_secret(accounts, "ada", rotation="r1").secret

    yard.deliver(outbox.take_one())

    (received,) = receiver.received
    told = json.loads(received.body)
    assert [Webhook(secret).verify(received.body, received.headers) for secret in (old, new)] == [
        told,
        told,
    ]
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(received.body + b" ", received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook_secrets(accounts, "eve")[0]).verify(received.body, received.headers)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("status", "retry_after", "expected_s"),
    [
        (503, "1", 4),
        (503, "90", 90),
        (429, "Thu, 01 Jan 2026 00:10:00 GMT", 600),
        (429, "Thu, 01 Jan 2026 00:10:00 -0000", 600),
        (429, "Wed, 31 Dec 2025 00:00:00 GMT", 4),
        (503, "999999999", 86_400),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        (503, "soon", 4),
        (503, "-5", 4),
        (503, "1" * 5_000, 4),
        (500, "90", 4),
    ],
)
def test_the_next_try_waits_when_a_busy_receiver_asks_for_it(
    yard, receiver, outbox, ended_job, held_clock, status, retry_after, expected_s
) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": retry_after}
    ended_job(receiver.url)

    yard.deliver(outbox.take_one())

    assert (outbox.take_one()["due_us"] - held_clock.now_us) / 1e6 == expected_s


def test_it_ends_after_a_day_when_the_receiver_keeps_putting_it_off(
    yard, receiver, outbox, ended_job, tries, held_clock
) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": "50000"}
    job_id = ended_job(receiver.url)

    gaps = outbox.deliver_all()

    assert gaps == [0, 50_000, 86_400 - 50_000]
    assert [tried["next_at"] is None for tried in tries(job_id)] == [True, False, False]


def test_each_end_is_another_callback_when_a_dead_job_is_requeued(
    yard, receiver, outbox, held_clock
) -> None:
    job_id = yard.submit(callback_url=receiver.url)["job_id"]
    for _ in range(2):
        yard.fail(job_id, yard.claim(job_id), retryable=False)
        held_clock.advance(1)
        yard.user().post(f"/jobs/{job_id}/requeue")
    yard.complete(job_id, yard.claim(job_id))

    outbox.deliver_all()

    kinds = [json.loads(received.body)["type"] for received in receiver.received]
    assert sorted(kinds) == ["job.dead", "job.dead", "job.succeeded"]
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 3
