"""Refuses what would add to very many pending segments, without counting them at each append.

A function counts a user's segments at every so many of its own appends for them, so an
append costs no listing. A function that finds too many says so in `BACKLOG`, which appends read
together with what they need anyway: from then on all are refused until a call, one
every few seconds, counts again and finds fewer. So the limit is passed by some appends
of each function at most. Segments of finished jobs are never refused.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.clock import SECOND_US
from shared.errors import TooManyRequests
from shared.observability import count, logger
from shared.storage.log.records import BACKLOG, partition
from shared.storage.log.segment_log import SegmentLog

COUNT_EVERY = 64
RECOUNT_AFTER_S = 5
RETRY_AFTER_S = 10
_KEPT_S = 86_400
# More users than that in one process: then their counts begin again.
_USERS_REMEMBERED = 10_000


class TooManyPending(TooManyRequests):
    """The user's earlier appends wait to be folded."""

    code = "too_many_pending"


class Backlog(msgspec.Struct, frozen=True):
    """The pending segments of all users, of which each may have `limit`."""

    log: SegmentLog
    table: Table
    limit: int
    _appends: Counter[str] = msgspec.field(default_factory=Counter)

    def check(self, user_id: str, known: Mapping[str, Any] | None) -> None:
        """Raises TooManyPending. To be asked before each append, with the item `BACKLOG`."""
        if known is not None and known["full"]:
            self._check_again(user_id, known["counted_us"])
        elif self._is_turn(user_id) and self._is_full(user_id):
            self._say(user_id, full=True)
            self._refuse(user_id)

    def check_import(self, user_id: str) -> None:
        """`check` for a writer that has not read the item."""
        self.check(user_id, self.table.get(partition(user_id), BACKLOG))

    def _is_turn(self, user_id: str) -> bool:
        """Whether to count now: more often where the limit is low."""
        if len(self._appends) > _USERS_REMEMBERED:
            self._appends.clear()
        self._appends[user_id] += 1
        return self._appends[user_id] % min(COUNT_EVERY, max(1, self.limit // 16)) == 0

    def _is_full(self, user_id: str) -> bool:
        return self.log.count_pending(user_id, self.limit) >= self.limit

    def _check_again(self, user_id: str, counted_us: int) -> None:
        is_fresh = clock.now_us() < counted_us + RECOUNT_AFTER_S * SECOND_US
        if is_fresh or not self._take_turn(user_id, counted_us) or self._is_full(user_id):
            self._refuse(user_id)
        self._say(user_id, full=False)

    def _take_turn(self, user_id: str, counted_us: int) -> bool:
        """Whether this call counts again, and no other one of this moment."""
        try:
            self._say(user_id, full=True, only_if={"counted_us": counted_us})
        except ConditionFailed:
            return False
        return True

    def _say(self, user_id: str, *, full: bool, only_if: Mapping[str, Any] | None = None) -> None:
        at = {"counted_us": clock.now_us(), "expires_at": clock.now_s() + _KEPT_S}
        only_if = dict(only_if or {})
        self.table.update(
            Update(partition(user_id), BACKLOG, set={"full": full, **at}, only_if=only_if)
        )

    def _refuse(self, user_id: str) -> None:
        count("AppendsRefused", service="storage")
        logger().warning("append_refused", user_id=user_id, limit_pending_segments=self.limit)
        raise TooManyPending(
            f"{self.limit} of your appends wait to be folded; repeat the call in a moment, and "
            "send more rows a call",
            retry_after_s=RETRY_AFTER_S,
            limit_pending_segments=self.limit,
        )
