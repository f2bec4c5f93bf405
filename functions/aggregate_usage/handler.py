"""S3 events about new segments (through SQS): folds the segments of the users they name.

Done: the user has nothing pending. Retry: folding failed (metric `UsersNotServed`) or time
ran out; exactly the messages that name that user come again. Record and drop: a message
that names no segment (S3's test event, or noise), and what is no message
(`UnreadableEvents`). A second delivery is harmless: events are hints, the listing is the
truth, and a commit is fenced by the checkpoint's generation.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from shared.aws import Bucket, Table
from shared.config import read_settings
from shared.isolation import user_kept_apart
from shared.messages import Message, MessageUnreadable, come_again, messages_of
from shared.observability import logger
from shared.storage.assembly import compactor
from shared.storage.log import Catalog, SegmentName, UserLog
from shared.turns import MayGoOn, TimeLeft


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, and the catalog."""

    data_bucket: str
    catalog_table: str


# What a fold step and the answer may still need when the function must stop.
_RESERVE_MS = 20_000


def lambda_handler(event: object, context: Any) -> dict[str, Any]:
    """Fold for every user that the batch names; report the messages that must come again."""
    users = _messages_by_user(messages_of(event))
    time_left = TimeLeft.of(context, _RESERVE_MS)
    # Each has an equal share of what the others left: no user's backlog takes all the time.
    unfolded = [
        user_id
        for place, user_id in enumerate(users)
        if not _folded(user_id, time_left.share(len(users) - place))
    ]
    return come_again([message_id for user_id in unfolded for message_id in users[user_id]])


def _folded(user_id: str, may_go_on: MayGoOn) -> bool:
    """Whether nothing of the user is pending any more."""
    with user_kept_apart("fold", user_id):
        folded = compactor(UserLog(*_storage(), user_id)).drain(may_go_on)
        logger().info("segments_folded", user_id=user_id, segments=folded)
        return may_go_on()
    return False


@cache
def _storage() -> tuple[Bucket, Catalog]:
    settings = read_settings(Settings)
    return Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table))


def _messages_by_user(messages: list[Message]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for message in messages:
        for user_id in _users_named(message):
            users.setdefault(user_id, []).append(message.message_id)
    return users


def _users_named(message: Message) -> list[str]:
    """The users whose segments a message is about, each once, in its order."""
    users = [user_id for entry in _entries(message) if (user_id := _user_named(entry))]
    if not users:
        logger().warning("event_dropped", message_id=message.message_id)
    return list(dict.fromkeys(users))


def _entries(message: Message) -> list[Any]:
    try:
        body = message.read(dict[str, Any])
    except MessageUnreadable:
        return []
    entries = body.get("Records")
    return entries if isinstance(entries, list) else []


def _user_named(entry: Any) -> str | None:
    """The user of one S3 event; None when it names no segment."""
    try:
        return SegmentName.parse(unquote_plus(entry["s3"]["object"]["key"])).user_id or None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
