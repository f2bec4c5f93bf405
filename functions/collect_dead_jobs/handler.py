"""Messages of the dead-letter queue: marks their jobs dead, so that users find them there.

Done: the job is dead, or the message says nothing about it any more. Retry: a
dependency failed, the job moved meanwhile, or something unforeseen happened (metric
`MessagesNotHandled`); only that message comes again. Record and drop: a message that names
no job (metric `UnreadableDeadLetters`), and what is no message (`UnreadableEvents`). A
second delivery changes nothing: the job's state decides, and it moves by conditional writes.
"""

from functools import cache
from typing import Any

import msgspec

from shared.config import read_settings
from shared.errors import Unavailable
from shared.jobs import Jobs, JobsSettings
from shared.messages import Message, MessageUnreadable, handle_each
from shared.observability import count, logger


class DeadMessage(msgspec.Struct, frozen=True):
    """What a job's message says."""

    job_id: str
    attempt: int = 0


def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """Handle one batch of SQS messages; report those that must come again."""
    del context
    return handle_each(event, handle_message)


def handle_message(message: Message) -> bool:
    """Handle one message; False asks for it to come again."""
    try:
        dead = message.read(DeadMessage)
        outcome = _jobs().collector.collect(dead.job_id, dead.attempt)
    except MessageUnreadable:
        logger().error("dead_letter_unreadable", message_id=message.message_id)
        count("UnreadableDeadLetters")
        return True
    except Unavailable:
        logger().warning("dead_letter_postponed", message_id=message.message_id)
        return False
    logger().info("dead_letter_collected", job_id=dead.job_id, outcome=outcome)
    return True


@cache
def _jobs() -> Jobs:
    return Jobs.of(read_settings(JobsSettings))
