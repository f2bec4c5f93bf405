"""S3 events about new segments (through SQS): folds the segments of the users they name.

Done: the user has nothing pending but what came meanwhile, or what the messages name is folded
already, or a fold is planned that will find it. Retry: it is too early for a fold (one message
comes again when it is worth one, once), another process folds the user (they come again a moment
later, at most twice), folding failed (metric `UsersNotServed`) or time ran out; exactly the
messages that name that user come again.
Record and drop: a message that names no segment (S3's test event, or noise), and what is no
message (`UnreadableEvents`). A second delivery is harmless: events are hints, the listing is
the truth, and a commit is fenced by the checkpoint's generation.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from shared import clock
from shared.aws import Bucket, Queue, Table
from shared.config import read_settings
from shared.errors import DependencyFailed
from shared.isolation import user_kept_apart
from shared.messages import Message, MessageUnreadable, come_again, messages_of
from shared.observability import logger
from shared.storage.assembly import compactor
from shared.storage.log import (
    Catalog,
    FoldTurn,
    NewSegment,
    SegmentName,
    UserLog,
    fold_wait_s,
)
from shared.turns import MayGoOn, TimeLeft


@dataclass(frozen=True)
class Settings:
    """The bucket of runs and segments, the catalog, the queue that the events come by, and how long
    a fold of little may wait.
    """

    data_bucket: str
    catalog_table: str
    segment_events_queue_url: str
    fold_after_s: int


@dataclass(frozen=True)
class _Notice:
    """A message, and which segments of one user it names."""

    message: Message
    segments: list[NewSegment]


# What a fold step and the answer may still need when the function must stop.
_RESERVE_MS = 20_000
# While another process folds the user, messages come again after so long; those that came more
# often than this fold all the same, so that no turn that was left can keep them going round.
_TURN_S = 5
_MAY_WAIT_FOR_A_TURN = 3


def lambda_handler(event: object, context: Any) -> dict[str, Any]:
    """Fold for every user that the batch names; report the messages that must come again."""
    users = _notices_by_user(messages_of(event))
    time_left = TimeLeft.of(context, _RESERVE_MS)
    again: list[_Notice] = []
    ripe: dict[str, list[_Notice]] = {}
    for user_id, notices in users.items():
        put_off = None
        with user_kept_apart("put_off", user_id):
            put_off = _put_off(user_id, notices)
        if put_off is None:
            ripe[user_id] = notices
        else:
            again += put_off
    # Each has an equal share of what the others left: no user's backlog takes all the time.
    for place, (user_id, notices) in enumerate(ripe.items()):
        if not _folded(user_id, notices, time_left.share(len(ripe) - place)):
            again += notices
    return come_again([notice.message.message_id for notice in again])


def _put_off(user_id: str, notices: list[_Notice]) -> list[_Notice] | None:
    """The messages of a user that come again when a fold is worth it: one, or none where that is
    planned already. None: now is the time. Each is put off once only.
    """
    if any(each.message.deliveries > 1 or not each.message.receipt for each in notices):
        return None
    seconds = fold_wait_s(
        [segment for each in notices for segment in each.segments],
        read_settings(Settings).fold_after_s,
    )
    if not seconds:
        return None
    turn = FoldTurn(_storage()[1].table, user_id)
    try:
        if turn.is_planned():
            return []
        # In this order: behind each plan there is a message.
        _come_later(notices[:1], seconds)
        turn.plan(seconds)
    except DependencyFailed:
        logger().warning("fold_not_put_off")
        return None
    return notices[:1]


def _come_later(notices: list[_Notice], seconds: int) -> None:
    receipts = [each.message.receipt for each in notices if each.message.receipt]
    Queue(read_settings(Settings).segment_events_queue_url).put_off(receipts, seconds)


def _folded(user_id: str, notices: list[_Notice], may_go_on: MayGoOn) -> bool:
    """Whether nothing of what messages of the user name is pending any more."""
    with user_kept_apart("fold", user_id):
        log = UserLog(*_storage(), user_id)
        if _is_covered(log, notices):
            return True
        turn = FoldTurn(log.catalog.table, user_id)
        if not turn.take() and not _waited_enough(notices):
            _come_later(notices, _TURN_S)
            return False
        folded = 0
        try:
            folded = compactor(log).drain(may_go_on, born_by_us=_newest_us(notices))
        finally:
            turn.give_back(folded)
        logger().info("segments_folded", user_id=user_id, segments=folded)
        return may_go_on()
    return False


def _waited_enough(notices: list[_Notice]) -> bool:
    """Whether messages fold without a turn: it may have been left by a process that died."""
    return any(each.message.deliveries > _MAY_WAIT_FOR_A_TURN for each in notices)


def _newest_us(notices: list[_Notice]) -> int:
    """What is younger is left for a fold of its own: new segments come while one is made."""
    named = [segment.name.born_us for each in notices for segment in each.segments]
    return max(clock.now_us(), *named)


def _is_covered(log: UserLog, notices: list[_Notice]) -> bool:
    """Whether the last fold took all that is named along. A message that was put off may stand for
    others, which it does not name; so it is not asked about those.
    """
    named = [segment for each in notices for segment in each.segments]
    if not all(segment.heavy for segment in named):
        return False
    return {segment.name.file_name for segment in named} <= set(log.checkpoint().last_committed)


@cache
def _storage() -> tuple[Bucket, Catalog]:
    settings = read_settings(Settings)
    return Bucket(settings.data_bucket), Catalog(Table(settings.catalog_table))


def _notices_by_user(messages: list[Message]) -> dict[str, list[_Notice]]:
    users: dict[str, list[_Notice]] = {}
    for message in messages:
        for user_id, segments in _named(message).items():
            users.setdefault(user_id, []).append(_Notice(message, segments))
    return users


def _named(message: Message) -> dict[str, list[NewSegment]]:
    """The segments that a message is about, by user, in its order."""
    users: dict[str, list[NewSegment]] = {}
    for entry in _entries(message):
        segment = _segment_named(entry)
        if segment is not None:
            users.setdefault(segment.name.user_id, []).append(segment)
    if not users:
        logger().warning("event_dropped", message_id=message.message_id)
    return users


def _entries(message: Message) -> list[Any]:
    try:
        body = message.read(dict[str, Any])
    except MessageUnreadable:
        return []
    entries = body.get("Records")
    return entries if isinstance(entries, list) else []


def _segment_named(entry: Any) -> NewSegment | None:
    """The segment of one S3 event; None when it names none."""
    try:
        stored = entry["s3"]["object"]
        name = SegmentName.parse(unquote_plus(stored["key"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    size = stored.get("size")
    return NewSegment(name, size if isinstance(size, int) else 0) if name.user_id else None
