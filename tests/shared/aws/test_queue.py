"""Messages are JSON, delays are bounded, failures are the product's own."""

import json
from typing import Any

import pytest

from shared.aws import Queue
from shared.aws.queue import create_queue
from shared.errors import Unavailable
from tests.kit.cloud import aws_client


@pytest.fixture
def queue(queues: dict[str, Queue]) -> Queue:
    return queues["TokenUsesQueue"]


def received(queue: Queue) -> list[dict[str, Any]]:
    answer = aws_client("sqs").receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, AttributeNames=["All"]
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def test_message_is_json_of_its_group(queue: Queue) -> None:
    queue.send({"job_id": "job_1", "text": "ü"}, group="ada")

    (message,) = received(queue)
    assert json.loads(message["Body"]) == {"job_id": "job_1", "text": "ü"}
    assert message["Attributes"]["MessageGroupId"] == "ada"


def test_message_waits_when_delayed(queue: Queue) -> None:
    queue.send({}, delay_s=100_000)

    delayed = queue.attributes("ApproximateNumberOfMessagesDelayed")
    assert received(queue) == []
    assert delayed == {"ApproximateNumberOfMessagesDelayed": "1"}


def test_queue_is_the_same_when_made_twice(queue: Queue) -> None:
    first = create_queue("evalyard-dev-phone-1", {"VisibilityTimeout": "60"})

    assert create_queue("evalyard-dev-phone-1", {"VisibilityTimeout": "60"}) == first
    assert first.attributes("VisibilityTimeout") == {"VisibilityTimeout": "60"}


def test_unavailable_when_the_queue_is_gone(queue: Queue) -> None:
    aws_client("sqs").delete_queue(QueueUrl=queue.url)

    with pytest.raises(Unavailable) as failed:
        queue.send({})
    assert "TokenUses" not in failed.value.detail
