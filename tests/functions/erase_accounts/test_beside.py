"""Erasing beside everything else that may run: appends, folds, jobs, callbacks, upkeep."""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from functions.aggregate_usage.handler import lambda_handler as aggregate_usage
from functions.maintain_storage.handler import lambda_handler as maintain_storage
from shared.accounts import User, create_user
from shared.storage.log import SegmentLog
from tests.functions.erase_accounts.conftest import Town
from tests.kit.faults import Crash, crash, watched_calls
from tests.kit.gateway import ApiResponse, LambdaContext
from tests.kit.yard import LARGE, Yard, sqs_event

ROWS = [{"ts": "2025-12-31T12:00:00Z", "latency_ms": 900 + number} for number in range(3)]


class _Patient(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def move_in(town: Town, user_id: str) -> None:
    """A user with nothing, who has an adapter."""
    create_user(town.accounts, User(user_id, "lab", False, f"01ACDEFG{user_id:Z<18}"[:26]))
    ada = town.api("datasets", user=user_id)
    assert ada.post("/user/data/save_adapter", json={"dataset": "d"}).status == 200


def append(town: Town, user_id: str, key: str = "k") -> ApiResponse:
    return town.api("datasets", user=user_id).post(
        "/user/data/append_jsonl",
        json={"dataset": "d", "rows": ROWS},
        headers={"Idempotency-Key": key},
    )


def segment_events(town: Town, user_id: str) -> dict[str, Any]:
    """Of pending segments, for the second time: their fold was put off for a minute."""
    keys = [segment.name.key for segment in SegmentLog(town.bucket).pending(user_id)]
    bodies = ({"Records": [{"s3": {"object": {"key": key}}}]} for key in keys)
    return sqs_event(*bodies, deliveries=2)


def fold(town: Town, user_id: str) -> None:
    assert aggregate_usage(segment_events(town, user_id), _Patient()) == {"batchItemFailures": []}


@pytest.mark.exhaustive
def test_everything_real_goes(town: Town, yard: Yard) -> None:
    move_in(town, "idalove")
    append(town, "idalove")
    fold(town, "idalove")
    append(town, "idalove", "k2")
    done = yard.submit("idalove", callback_url="https://example.com/hook", adapter_id="d")["job_id"]
    assert yard.complete(done, yard.claim(done)).status == 200
    yard.submit("idalove")
    town.api("accounts", user="idalove").get("/accounts/webhook_secret")
    assert len(town.traces("idalove")) > 20

    town.erase("idalove")
    town.sweep_until_erased("idalove")

    assert town.traces("idalove") == {}


def test_messages_and_schedules_bring_nothing_back(town: Town, yard: Yard) -> None:
    move_in(town, "idalove")
    append(town, "idalove")
    events = segment_events(town, "idalove")
    job = yard.submit("idalove", callback_url="https://example.com/hook")["job_id"]
    attempt = yard.claim(job)
    message = {"job_id": job, "user_id": "idalove", "attempt": attempt}
    town.erase("idalove")
    town.sweep_until_erased("idalove")

    assert aggregate_usage(events, _Patient()) == {"batchItemFailures": []}
    for event in ({}, {"roll_up": True}, {"deep": True}):
        maintain_storage(event, _Patient())
    yard.sweep()
    assert yard.collect(message) == []
    assert yard.say("claim", job).code == "job_gone"
    assert yard.complete(job, attempt).code == "job_gone"

    assert town.traces("idalove") == {}


@pytest.mark.exhaustive
def test_append_that_began_before_leaves_nothing_wherever_the_sweep_meets_it(town: Town) -> None:
    number = 0
    while True:
        user_id = f"idalove{number}"
        move_in(town, user_id)
        append(town, user_id, "first")
        town.erase(user_id)
        town.held_clock.advance(100)

        with watched_calls() as calls:
            calls.before[number] = partial(town.sweep, 0)
            append(town, user_id, "second")
        town.sweep_until_erased(user_id)

        assert town.traces(user_id) == {}, number
        if len(calls.names) <= number:
            break
        number += 1
    assert number >= 4


@pytest.mark.exhaustive
def test_fold_that_began_before_leaves_nothing_wherever_the_sweep_meets_it(town: Town) -> None:
    number = 0
    while True:
        user_id = f"idalove{number}"
        move_in(town, user_id)
        append(town, user_id, "first")
        if number % 2:
            fold(town, user_id)
            append(town, user_id, "second")
        events = segment_events(town, user_id)
        town.erase(user_id)
        town.held_clock.advance(100)

        with watched_calls() as calls:
            calls.before[number] = partial(town.sweep, 0)
            aggregate_usage(events, _Patient())
        town.sweep_until_erased(user_id)

        assert town.traces(user_id) == {}, number
        if len(calls.names) <= number:
            break
        number += 3
    assert number > 10


@pytest.mark.parametrize("prompt", ["Why?", LARGE], ids=["small", "large"])
def test_prompt_goes_whose_job_was_never_stored(town: Town, yard: Yard, prompt: str) -> None:
    move_in(town, "idalove")
    with watched_calls() as calls, suppress(Crash):
        calls.before_each["TransactWriteItems"] = crash
        yard.user("idalove").post("/api/jobs", json={"prompt": prompt, "model": "m"})
    kept = "request.json" if prompt == LARGE else "BODY#job_"
    assert any(kept in place for place in town.traces("idalove"))

    town.erase("idalove")
    town.sweep_until_erased("idalove")

    assert town.traces("idalove") == {}


@pytest.mark.exhaustive
@pytest.mark.parametrize("verb", ["complete", "fail"])
def test_job_that_ends_leaves_nothing_wherever_the_sweep_meets_it(
    town: Town, yard: Yard, verb: str
) -> None:
    number = 0
    while True:
        user_id = f"idalove{number}"
        move_in(town, user_id)
        serial = f"dev-{number}"
        yard.register(serial)
        fields = {"device_serial": serial, "callback_url": "https://example.com/hook"}
        job = yard.submit(user_id, **fields)["job_id"]
        attempt = yard.claim(job, serial)
        town.erase(user_id)
        town.held_clock.advance(100)

        with watched_calls() as calls:
            calls.before[number] = partial(town.sweep, 0)
            if verb == "complete":
                answer = yard.complete(job, attempt, serial)
            else:
                answer = yard.fail(job, attempt, serial, code="unsupported", retryable=False)
        town.sweep_until_erased(user_id)

        assert answer.status < 500 or answer.status == 503, answer.text
        assert town.traces(user_id) == {}, number
        if len(calls.names) <= number:
            break
        number += 2
    assert number > 8
