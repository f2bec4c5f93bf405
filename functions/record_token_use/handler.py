"""Writes when a token was last used, as the authorizer noticed.

Done: the later instant is kept, or the token is gone. Retry: the table did not
answer; only that message is reported. Record and drop: a message that cannot be
read (metric `UnreadableTokenUses`). A second delivery changes nothing: the key is
the token's digest, and an instant never moves back.
"""

from typing import Any

import msgspec

from functions.record_token_use.settings import Settings
from shared.accounts import TokenUse, record_token_use
from shared.aws import Table
from shared.config import read_settings
from shared.errors import Unavailable
from shared.observability import count, logger


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Handle one batch of SQS messages."""
    failed = [record["messageId"] for record in event["Records"] if not record_handler(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def record_handler(record: dict[str, Any]) -> bool:
    """Handle one message; False asks for it to come again."""
    try:
        use = msgspec.json.decode(record["body"], type=TokenUse)
        known = record_token_use(Table(read_settings(Settings).accounts_table), use)
    except msgspec.DecodeError:
        logger().error("token_use_unreadable", message_id=record["messageId"])
        count("UnreadableTokenUses")
        return True
    except Unavailable:
        logger().warning("token_use_postponed", message_id=record["messageId"])
        return False
    logger().info("token_use_recorded" if known else "token_use_dropped_token_gone")
    return True
