"""What jobs rely on: leases by visibility, and the dead-letter queue after too many receives."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def queues(sqs: Any) -> tuple[str, str]:
    """A queue that gives up after two receives, and where it gives up to."""
    name = uuid.uuid4().hex[:8]
    dead = sqs.create_queue(QueueName=f"dead-{name}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    redrive = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2}
    attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "30"}
    return sqs.create_queue(QueueName=f"jobs-{name}", Attributes=attributes)["QueueUrl"], dead


def _receive(sqs: Any, url: str, wait_s: int = 0, **more: Any) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait_s, **more)
    return list(answer.get("Messages", []))


def test_message_is_hidden_when_it_was_received(sqs: Any, queues: tuple[str, str]) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job")

    first, second = _receive(sqs, url), _receive(sqs, url)

    assert [message["Body"] for message in first] == ["job"]
    assert second == []


def test_message_returns_when_its_visibility_is_set_to_zero(
    sqs: Any, queues: tuple[str, str]
) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job")
    (message,) = _receive(sqs, url)

    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )

    (again,) = _receive(sqs, url, AttributeNames=["ApproximateReceiveCount"])
    assert again["MessageId"] == message["MessageId"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_message_returns_when_its_visibility_lapses(sqs: Any, queues: tuple[str, str]) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job")
    (message,) = _receive(sqs, url, VisibilityTimeout=1)

    again = _receive(sqs, url, wait_s=5)

    assert [each["MessageId"] for each in again] == [message["MessageId"]]


def test_message_stays_hidden_when_its_visibility_is_extended(
    sqs: Any, queues: tuple[str, str]
) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job")
    (message,) = _receive(sqs, url, VisibilityTimeout=1)

    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=30
    )

    assert _receive(sqs, url, wait_s=2) == []


def test_message_is_gone_when_it_was_deleted(sqs: Any, queues: tuple[str, str]) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job")
    (message,) = _receive(sqs, url, VisibilityTimeout=1)

    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert _receive(sqs, url, wait_s=2) == []


def test_message_moves_to_the_dead_letter_queue_when_received_too_often(
    sqs: Any, queues: tuple[str, str]
) -> None:
    url, dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert _receive(sqs, url, VisibilityTimeout=0)

    assert _receive(sqs, url, wait_s=1) == []

    (message,) = _receive(sqs, dead, wait_s=1)
    assert message["Body"] == "poison"


def test_long_poll_returns_at_once_when_a_message_arrives(
    sqs: Any, queues: tuple[str, str]
) -> None:
    url, _dead = queues
    sqs.send_message(QueueUrl=url, MessageBody="job", DelaySeconds=1)

    began = time.monotonic()
    received = _receive(sqs, url, wait_s=20)

    assert [each["Body"] for each in received] == ["job"]
    assert time.monotonic() - began < 20


def test_send_is_accepted_when_a_standard_queue_gets_a_message_group(
    sqs: Any, queues: tuple[str, str]
) -> None:
    url, _dead = queues

    sqs.send_message(QueueUrl=url, MessageBody="job", MessageGroupId="demo")

    (message,) = _receive(sqs, url, AttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == "demo"


def test_create_is_repeatable_when_the_attributes_are_the_same(sqs: Any) -> None:
    name = f"same-{uuid.uuid4().hex[:8]}"
    first = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})

    again = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    with pytest.raises(ClientError):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "61"})

    assert again["QueueUrl"] == first["QueueUrl"]
