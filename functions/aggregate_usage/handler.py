"""S3 events about new segments (through SQS): folds the segments of the users they name.

Done: the user has nothing pending. Retry: folding failed or time ran out; the message
comes again. Record and drop: a message that names no segment (S3's test event, or
noise). A second delivery is harmless: events are hints, the listing is the truth, and
a commit is fenced by the checkpoint's generation.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from functions.aggregate_usage.settings import Settings
from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.datasets.folding import compaction
from shared.errors import EvalyardError
from shared.observability import logger
from shared.storage import Catalog, SegmentName

# What a fold step and the answer may still need when the function must stop.
_RESERVE_MS = 20_000


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fold for every user that the batch names; report the messages that must come again."""
    users = _messages_by_user(event["Records"])
    failed = [
        message_id
        for user_id, message_ids in users.items()
        if not _folded(user_id, lambda: context.get_remaining_time_in_millis() > _RESERVE_MS)
        for message_id in message_ids
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _folded(user_id: str, may_go_on: Callable[[], bool]) -> bool:
    try:
        folded = compaction(*_storage(), user_id).drain(may_go_on)
    except EvalyardError:
        logger().exception("fold_failed", user_id=user_id)
        return False
    logger().info("segments_folded", user_id=user_id, segments=folded)
    return may_go_on()


@cache
def _storage() -> tuple[Bucket, Catalog]:
    settings = read_settings(Settings)
    return Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table))


def _messages_by_user(records: list[dict[str, Any]]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for record in records:
        for user_id in _users_named(record):
            users.setdefault(user_id, []).append(record["messageId"])
    return users


def _users_named(record: dict[str, Any]) -> set[str]:
    try:
        body = msgspec.json.decode(record["body"])
        entries = body.get("Records", [])
        keys = [unquote_plus(entry["s3"]["object"]["key"]) for entry in entries]
        return {SegmentName.parse(key).user_id for key in keys}
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError):
        logger().warning("event_dropped", message_id=record.get("messageId"))
        return set()
