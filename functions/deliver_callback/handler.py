"""Messages of the callbacks queue: each has one try of a callback made, when due or asked for.

Done: the try was made and what follows is queued; a receiver that fails is not our
failure. Retry: storage did not answer, another process makes the same try, or something
unforeseen happened (metric `MessagesNotHandled`); only that message comes again. Record and
drop: a message that cannot be read (metric `UnreadableCallbacks`), and what is no message
(`UnreadableEvents`). A second delivery is harmless: tries are numbered or named and claimed
by a conditional write, and receivers know a repeated callback by its `webhook-id`.
"""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import msgspec

from shared.accounts import webhook_secrets
from shared.aws import Queue, Table
from shared.callbacks import CallbackRecords, CallbackUrls, Deliveries, Delivery, Sender
from shared.config import read_settings
from shared.errors import Unavailable
from shared.messages import Message, MessageUnreadable, handle_each
from shared.observability import count, logger


@dataclass(frozen=True)
class Settings:
    """Where callbacks and signing secrets are kept, and the queue of deliveries to come."""

    accounts_table: str
    jobs_table: str
    callbacks_queue_url: str
    callback_allow_private: bool


class DeliveryMessage(msgspec.Struct, frozen=True, rename={"number": "try"}):
    """What a message says."""

    job_id: str
    webhook_id: str
    number: int
    due_us: int
    redelivery: str | None = None


def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """Handle one batch of SQS messages; report those that must come again."""
    del context
    return handle_each(event, handle_message)


def handle_message(message: Message) -> bool:
    """Handle one message; False asks for it to come again."""
    try:
        asked = message.read(DeliveryMessage)
        outcome = _deliveries().deliver(
            Delivery(asked.job_id, asked.webhook_id, asked.number, asked.due_us, asked.redelivery)
        )
    except MessageUnreadable:
        logger().error("callback_unreadable", message_id=message.message_id)
        count("UnreadableCallbacks")
        return True
    except Unavailable:
        logger().warning("callback_delayed", message_id=message.message_id)
        return False
    logger().info(outcome, job_id=asked.job_id, webhook_id=asked.webhook_id, number=asked.number)
    return True


@cache
def _deliveries() -> Deliveries:
    settings = read_settings(Settings)
    accounts, jobs = Table(settings.accounts_table), Table(settings.jobs_table)
    return Deliveries(
        CallbackRecords(jobs),
        CallbackUrls(jobs),
        Queue(settings.callbacks_queue_url),
        Sender(partial(webhook_secrets, accounts), settings.callback_allow_private),
    )
