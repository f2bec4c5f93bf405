"""Writes when a token was last used, as the authorizer noticed.

Done: the later instant is kept, or the token is gone. Retry: the table did not answer, or
something unforeseen happened (metric `MessagesNotHandled`); only that message is reported.
Record and drop: a message that cannot be read (metric `UnreadableTokenUses`), and what is
no message (`UnreadableEvents`). A second delivery changes nothing: the key is the token's
digest, and an instant never moves back.
"""

from dataclasses import dataclass
from typing import Any

from shared.accounts import TokenUse, record_token_use
from shared.aws import Table
from shared.config import read_settings
from shared.errors import Unavailable
from shared.messages import Message, MessageUnreadable, handle_each
from shared.observability import count, logger


@dataclass(frozen=True)
class Settings:
    """Where tokens are known."""

    accounts_table: str


def lambda_handler(event: object, context: object) -> dict[str, Any]:
    """Handle one batch of SQS messages; report those that must come again."""
    del context
    return handle_each(event, handle_message)


def handle_message(message: Message) -> bool:
    """Handle one message; False asks for it to come again."""
    try:
        use = message.read(TokenUse)
        known = record_token_use(Table(read_settings(Settings).accounts_table), use)
    except MessageUnreadable:
        logger().error("token_use_unreadable", message_id=message.message_id)
        count("UnreadableTokenUses")
        return True
    except Unavailable:
        logger().warning("token_use_postponed", message_id=message.message_id)
        return False
    logger().info("token_use_recorded" if known else "token_use_dropped_token_gone")
    return True
