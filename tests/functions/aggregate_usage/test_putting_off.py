"""A few new runs are folded together, when the first of them is a minute old."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.aggregate_usage.handler import lambda_handler
from shared import clock, ids
from shared.aws import Bucket
from shared.runs import Run
from shared.storage.log import SegmentLog
from tests.conftest import HeldClock
from tests.kit.cloud import aws_client
from tests.kit.faults import Calls, Request, lose_answer, watched_calls
from tests.kit.gateway import LambdaContext

Write = Callable[..., str]
NONE: dict[str, Any] = {"batchItemFailures": []}


class Unhurried(LambdaContext):
    def get_remaining_time_in_millis(self) -> int:
        return 100_000


@dataclass
class Asked(Calls):
    """Calls with what they asked for."""

    requests: list[Request] = field(default_factory=list)

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        self.requests.append(request)
        return super().made(request, call)


@pytest.fixture
def write(bucket: Bucket, settings_env: dict[str, str], held_clock: HeldClock) -> Write:
    """Writes a segment of a user with so many runs; its key."""

    def written(runs: int = 1, user: str = "ada") -> str:
        before = {each.name.key for each in SegmentLog(bucket).pending(user)}
        found = [Run(run_id=ids.ulid(), ts_us=clock.now_us() + place) for place in range(runs)]
        SegmentLog(bucket).append(user, "", [], found, segment_id=ids.ulid(), repeatable=True)
        (key,) = {each.name.key for each in SegmentLog(bucket).pending(user)} - before
        return key

    return written


@pytest.fixture
def url(queues: Any, settings_env: dict[str, str]) -> str:
    return str(queues["SegmentEventsQueue"].url)


def delivered(url: str, *keys: str) -> dict[str, Any]:
    """The event for new segments, as SQS hands it over after S3 has sent it."""
    for key in keys:
        body = {"Records": [{"s3": {"object": {"key": key, "size": 500}}}]}
        aws_client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(body))
    return come(url)


def come(url: str) -> dict[str, Any]:
    """The event for what is visible in the queue now."""
    records: list[dict[str, Any]] = []
    while (
        answer := aws_client("sqs")
        .receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
        )
        .get("Messages")
    ):
        records += [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
            }
            for each in answer
        ]
    return {"Records": records}


def again(event: dict[str, Any]) -> dict[str, Any]:
    """The same messages, delivered once more."""
    twice = {"ApproximateReceiveCount": "2"}
    return {"Records": [{**each, "attributes": twice} for each in event["Records"]]}


def ids_of(answer: dict[str, Any]) -> set[str]:
    return {each["itemIdentifier"] for each in answer["batchItemFailures"]}


def pending(bucket: Bucket, user: str = "ada") -> int:
    return SegmentLog(bucket).count_pending(user, 100)


def test_a_few_new_runs_wait_and_are_folded_by_one_commit(
    bucket: Bucket, write: Write, url: str, held_clock: HeldClock
) -> None:
    event = delivered(url, *(write() for _ in range(3)))
    with watched_calls() as calls:
        first = lambda_handler(event, Unhurried())
    waiting = pending(bucket)

    held_clock.advance(60)
    later = again(event)["Records"]
    folded = lambda_handler({"Records": later[:1]}, Unhurried())
    with watched_calls() as more:
        rest = lambda_handler({"Records": later[1:]}, Unhurried())

    assert ids_of(first) == {each["messageId"] for each in event["Records"]}
    assert calls.names == ["ChangeMessageVisibilityBatch"]
    assert (waiting, pending(bucket)) == (3, 0)
    assert folded == rest == NONE
    # The others see by the checkpoint alone that theirs are folded.
    assert more.names == ["GetItem"]


def test_what_was_put_off_is_invisible_until_it_is_old_enough(
    write: Write, url: str, held_clock: HeldClock
) -> None:
    event = delivered(url, write())
    held_clock.advance(20)

    with watched_calls(Asked()) as calls:
        lambda_handler(event, Unhurried())

    assert isinstance(calls, Asked)
    (request,) = calls.requests
    assert [entry["VisibilityTimeout"] for entry in request.params["Entries"]] == [40]
    assert come(url) == {"Records": []}


@pytest.mark.parametrize(("segments", "runs"), [(1, 101), (50, 1), (1, 0)])
def test_it_is_folded_at_once_when_it_is_much_or_asked_for(
    bucket: Bucket, write: Write, url: str, segments: int, runs: int
) -> None:
    event = delivered(url, *(write(runs) for _ in range(segments)))

    answer = lambda_handler(event, Unhurried())

    assert (answer, pending(bucket)) == (NONE, 0)


def test_it_is_folded_at_once_when_it_is_old_or_cannot_be_put_off(
    bucket: Bucket, write: Write, url: str, held_clock: HeldClock
) -> None:
    young = delivered(url, write())
    with watched_calls() as calls:
        calls.before[0] = lose_answer
        not_put_off = lambda_handler(young, Unhurried())
    left = pending(bucket)
    old = delivered(url, write())
    held_clock.advance(60)

    assert (not_put_off, left) == (NONE, 0)
    assert (lambda_handler(old, Unhurried()), pending(bucket)) == (NONE, 0)


def test_one_users_few_runs_wait_when_anothers_many_do_not(
    bucket: Bucket, write: Write, url: str
) -> None:
    event = delivered(url, write(), write(101, "eve"))

    answer = lambda_handler(event, Unhurried())

    assert ids_of(answer) == {event["Records"][0]["messageId"]}
    assert (pending(bucket), pending(bucket, "eve")) == (1, 0)


def test_nothing_is_put_off_twice_when_its_message_is_early(
    bucket: Bucket, write: Write, url: str
) -> None:
    """A clock that is behind must not make a message go round."""
    event = delivered(url, write())
    lambda_handler(event, Unhurried())

    answer = lambda_handler(again(event), Unhurried())

    assert (answer, pending(bucket)) == (NONE, 0)
