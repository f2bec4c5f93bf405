"""One SQS queue: making it, sending, and what its attributes say."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from shared.aws.clients import client
from shared.aws.errors import aws_errors

_MAX_DELAY_S = 900
_BATCH = 10


class Queue(msgspec.Struct, frozen=True):
    """The operations the product uses on one queue."""

    url: str

    def send(self, body: object, *, group: str | None = None, delay_s: int = 0) -> None:
        """Send one JSON message; `group` is the tenant for SQS's fair queues."""
        extra: dict[str, Any] = {"MessageGroupId": group} if group else {}
        if delay_s:
            extra["DelaySeconds"] = min(delay_s, _MAX_DELAY_S)
        with aws_errors():
            client("sqs").send_message(
                QueueUrl=self.url, MessageBody=msgspec.json.encode(body).decode(), **extra
            )

    def put_off(self, receipts: Sequence[str], seconds: int) -> None:
        """Have messages that were received come again after so many seconds. A call for ten; one
        that the queue cannot put off comes again when its visibility ends.
        """
        for first in range(0, len(receipts), _BATCH):
            entries = [
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for place, receipt in enumerate(receipts[first : first + _BATCH])
            ]
            with aws_errors():
                client("sqs").change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def delete(self) -> None:
        """Delete the queue and its messages; a queue that is not there is none to delete."""
        sqs = client("sqs")
        with aws_errors(), suppress(sqs.exceptions.QueueDoesNotExist):
            sqs.delete_queue(QueueUrl=self.url)

    def attributes(self, *names: str) -> dict[str, str]:
        """Queue attributes by their AWS names, such as `ApproximateNumberOfMessages`."""
        with aws_errors():
            answer = client("sqs").get_queue_attributes(
                QueueUrl=self.url, AttributeNames=list(names)
            )
        return dict(answer.get("Attributes", {}))


def create_queue(name: str, attributes: dict[str, str]) -> Queue:
    """The queue of this name, made if there is none; an existing one must have these attributes."""
    with aws_errors():
        answer = client("sqs").create_queue(QueueName=name, Attributes=attributes)
    return Queue(str(answer["QueueUrl"]))
