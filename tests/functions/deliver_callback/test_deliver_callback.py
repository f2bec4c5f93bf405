"""Callbacks from the end of a job to a receiver: signed, tried again, never doubled."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.accounts import webhook_secrets
from tests.conftest import forget_caches
from tests.kit.cloud import aws_client
from tests.kit.receiver import Receiver, running_receiver
from tests.kit.yard import Yard


@pytest.fixture
def receiver(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver that callbacks may reach."""
    monkeypatch.setenv("CALLBACK_ALLOW_PRIVATE", "true")
    forget_caches()
    with running_receiver() as running:
        yield running


@pytest.fixture
def callbacks(yard: Yard) -> Callable[[], list[dict[str, Any]]]:
    """The visible messages of the callbacks queue."""

    def receive() -> list[dict[str, Any]]:
        answer = aws_client("sqs").receive_message(
            QueueUrl=yard.queues["CallbacksQueue"].url, MaxNumberOfMessages=10
        )
        return [json.loads(message["Body"]) for message in answer.get("Messages", ())]

    return receive


def ended_job(yard: Yard, url: str) -> str:
    job_id = str(yard.submit(callback_url=url)["job_id"])
    yard.complete(job_id, yard.claim(job_id))
    return job_id


def tries(yard: Yard, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yard.user().get(f"/api/jobs/{job_id}/callbacks").json()["data"]
    return found


def test_a_signed_callback_arrives_when_a_job_succeeds(yard, receiver, callbacks) -> None:
    job_id = ended_job(yard, f"{receiver.url}/hook?a=1")

    (message,) = callbacks()
    yard.deliver(message)

    (received,) = receiver.received
    told = json.loads(received.body)
    assert received.path == "/hook?a=1"
    assert told["type"] == "job.succeeded"
    assert told["data"]["job_id"] == job_id
    assert told["data"]["status"] == "succeeded"
    assert told["data"]["result_url"] == f"https://api.example.com/api/jobs/{job_id}/result"
    assert _verified(received, webhook_secrets(yard.tables["AccountsTable"], "ada"))
    (tried,) = tries(yard, job_id)
    assert (tried["ok"], tried["status_code"], tried["next_at"]) == (True, 200, None)
    assert tried["webhook_id"] == received.headers["webhook-id"]


@pytest.mark.parametrize("end", ["dead", "cancelled"])
def test_a_callback_tells_how_it_ended_when_a_job_did_not_succeed(
    yard, receiver, callbacks, end
) -> None:
    job_id = yard.submit(callback_url=receiver.url)["job_id"]
    if end == "dead":
        yard.fail(job_id, yard.claim(job_id), retryable=False)
    else:
        yard.user().post(f"/api/jobs/{job_id}/cancel")

    (message,) = callbacks()
    yard.deliver(message)

    assert json.loads(receiver.received[0].body)["type"] == f"job.{end}"


def test_one_post_is_made_when_the_message_is_delivered_twice(yard, receiver, callbacks) -> None:
    ended_job(yard, receiver.url)
    (message,) = callbacks()

    failed = [yard.deliver(message), yard.deliver(message)]

    assert failed == [[], []]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [500, 301, 404])
def test_it_is_tried_again_for_a_day_when_the_receiver_fails(
    yard, receiver, callbacks, held_clock, status
) -> None:
    receiver.status = status
    job_id = ended_job(yard, receiver.url)
    gaps = []

    (message,) = callbacks()
    while message:
        gaps.append((message["due_us"] - held_clock.now_us) / 1e6)
        held_clock.now_us = max(held_clock.now_us, message["due_us"])
        yard.deliver(message)
        message = _next_message(yard)

    assert gaps == [0, 4, 300, 1_800, 7_200, 18_000, 36_000]
    assert {received.path for received in receiver.received} == {"/"}
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.headers["webhook-timestamp"] for received in receiver.received}) == 7
    seen = tries(yard, job_id)
    assert len(seen) == 7
    assert (seen[0]["status_code"], seen[0]["error"], seen[0]["next_at"]) == (
        status,
        "not_2xx",
        None,
    )
    assert yard.job(job_id)["status"] == "succeeded"


def test_it_hops_when_the_next_try_is_hours_ahead(yard, receiver, callbacks, held_clock) -> None:
    ended_job(yard, receiver.url)
    (message,) = callbacks()
    later = {**message, "due_us": held_clock.now_us + 3_600_000_000}

    yard.deliver(later)

    assert receiver.received == []
    assert _next_message(yard) == later


def test_what_follows_is_queued_again_when_its_message_was_lost(yard, receiver, callbacks) -> None:
    receiver.status = 500
    ended_job(yard, receiver.url)
    (message,) = callbacks()
    yard.deliver(message)
    lost = _next_message(yard)

    yard.deliver(message)

    assert len(receiver.received) == 1
    assert _next_message(yard) == lost


def test_a_cut_off_try_is_made_again_after_a_while(yard, receiver, callbacks, held_clock) -> None:
    ended_job(yard, receiver.url)
    (message,) = callbacks()
    key = (f"JOB#{message['job_id']}", f"CALLBACK#{message['webhook_id']}")
    item = yard.tables["JobsTable"].get(*key)
    yard.tables["JobsTable"].put({**item, "begun": 1, "begun_us": held_clock.now_us})

    early = yard.deliver(message)
    held_clock.advance(61)
    late = yard.deliver(message)

    assert (early, late) == (["message-0"], [])
    assert len(receiver.received) == 1


def test_nothing_is_sent_when_the_address_is_private(yard, callbacks) -> None:
    with running_receiver() as receiver:
        job_id = ended_job(yard, "https://example.com/x")
        (message,) = callbacks()
        key = (f"JOB#{job_id}", f"CALLBACK#{message['webhook_id']}")
        item = yard.tables["JobsTable"].get(*key)
        url = receiver.url.replace("http:", "https:")
        yard.tables["JobsTable"].put({**item, "url": url})

        yard.deliver(message)

    (tried,) = tries(yard, job_id)
    assert (tried["error"], tried["status_code"]) == ("address_refused", None)
    assert receiver.received == []


def test_it_is_dropped_when_a_message_is_not_one_or_its_job_is_gone(yard: Yard) -> None:
    gone = {"job_id": "job_x", "webhook_id": "evt_x", "try": 1, "due_us": 0}

    assert yard.deliver("not json", {"job_id": 1}, gone) == []


def _next_message(yard: Yard) -> Any:
    """The next message, whether its delay is over or not."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sqs.models import sqs_backends

    name = yard.queues["CallbacksQueue"].url.rpartition("/")[2]
    queue = sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[name]
    waiting = [message for message in queue._messages if message.delayed]
    for message in waiting:
        queue._messages.remove(message)
    assert len(waiting) <= 1
    return json.loads(waiting[0].body) if waiting else None


def _verified(received: Any, secrets: list[str]) -> bool:
    sent = received.headers
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secrets[0].removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return bool(sent["webhook-signature"] == f"v1,{expected}")
