"""SQS messages as Lambda hands them over in batches, and the answer that it understands.

An exception, or an answer of another form, would bring the whole batch again; so messages
are handled one by one, each apart, and the answer names exactly those that must come again.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from shared.isolation import kept_apart
from shared.observability import count, logger

Kind = TypeVar("Kind")


class MessageUnreadable(ValueError):
    """A message's body is not what it should be."""


@dataclass(frozen=True)
class Message:
    """One message: the id that the answer names it by, its body, by what its queue knows this
    delivery ("": it does not say), and how often it was delivered.
    """

    message_id: str
    body: str
    receipt: str = ""
    deliveries: int = 1

    def read(self, kind: type[Kind]) -> Kind:
        """What the body says. Raises MessageUnreadable."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
            raise MessageUnreadable("the body is not what it should be") from exc


def messages_of(event: object) -> list[Message]:
    """The messages of an event. What cannot be named is dropped: nothing could ask for it
    again (metric `UnreadableEvents`).
    """
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        _drop("event_without_records")
        return []
    found = [message for record in records if (message := _message(record))]
    for _ in range(len(records) - len(found)):
        _drop("message_without_id")
    return found


def come_again(message_ids: Collection[str]) -> dict[str, Any]:
    """The answer that has Lambda keep these messages, and delete the others of the batch."""
    unique = dict.fromkeys(message_ids)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in unique]}


def handle_each(event: object, handle: Callable[[Message], bool]) -> dict[str, Any]:
    """Handle the messages of an event; `handle` says False for one that must come again.

    One for which it fails comes again, too, and is counted: `MessagesNotHandled`.
    """
    return come_again(
        [message.message_id for message in messages_of(event) if not _handled(message, handle)]
    )


def _handled(message: Message, handle: Callable[[Message], bool]) -> bool:
    with kept_apart(
        "message_not_handled",
        "MessagesNotHandled",
        service="messages",
        message_id=message.message_id,
    ):
        return handle(message)
    return False


def _message(record: object) -> Message | None:
    if not isinstance(record, dict):
        return None
    message_id, body = record.get("messageId"), record.get("body")
    if not isinstance(message_id, str) or not message_id:
        return None
    receipt = record.get("receiptHandle")
    return Message(
        message_id,
        body if isinstance(body, str) else "",
        receipt if isinstance(receipt, str) else "",
        _deliveries(record.get("attributes")),
    )


def _deliveries(attributes: object) -> int:
    said = attributes.get("ApproximateReceiveCount") if isinstance(attributes, dict) else None
    return int(said) if isinstance(said, str) and said.isdecimal() else 1


def _drop(event: str) -> None:
    logger().error(event)
    count("UnreadableEvents", service="messages")
