"""When a callback is tried again: for a day, later where the receiver asks for it."""

import hashlib
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from shared import clock
from shared.callbacks.posting import Answer
from shared.clock import DAY_US, SECOND_US

# The first again within 5 s (the way through SQS included), then 5 min, 30 min, 2 h, 5 h, 10 h.
RETRY_AFTER_S = (4, 300, 1_800, 7_200, 18_000, 36_000)
# Later tries spread over a tenth of their gap: what failed together does not return together.
_SPREAD = 0.1
_SPREAD_FROM_S = 60
_BUSY = frozenset({429, 503})
_SECONDS = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


def next_try_us(webhook_id: str, number: int, first_us: int, answer: Answer) -> int | None:
    """When to try again after the schedule's failed try of this number (from 1); None: never.

    Not later than a day after the first try; a `Retry-After` can only make it later.
    """
    if number > len(RETRY_AFTER_S):
        return None
    now = clock.now_us()
    scheduled = now + _gap_us(webhook_id, number)
    last = first_us + DAY_US
    if scheduled > last:
        return None
    wished = _retry_after_us(answer, now)
    return scheduled if wished is None else min(last, max(scheduled, wished))


def _gap_us(webhook_id: str, number: int) -> int:
    gap_s = RETRY_AFTER_S[number - 1]
    if gap_s < _SPREAD_FROM_S:
        return gap_s * SECOND_US
    # By the callback, not by chance: a repeated computation must say the same.
    digest = hashlib.sha256(f"{webhook_id}.{number}".encode()).digest()
    fraction = int.from_bytes(digest[:8]) / 2**64
    return round(gap_s * (1 + _SPREAD * fraction) * SECOND_US)


def _retry_after_us(answer: Answer, now_us: int) -> int | None:
    """The instant that a busy receiver names: seconds from now, or an HTTP date."""
    text = (answer.retry_after or "").strip()
    if answer.status not in _BUSY or not text:
        return None
    if _SECONDS.match(text):
        return now_us + int(text) * SECOND_US
    try:
        named = parsedate_to_datetime(text)
        return clock.to_us(named if named.tzinfo else named.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
