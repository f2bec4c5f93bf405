"""How often one caller may write and ask, over all processes of all functions.

A token bucket per user and kind of request, kept as one instant: the one at which the bucket is
full again (the generic cell rate algorithm, ITU-T I.371). A process takes tokens for several
requests at a time where a caller keeps it busy, and none at all for a caller who hardly does, so
most requests cost no call. At worst a caller is refused at half the rate, never let far beyond it.
"""

import time
from dataclasses import dataclass
from functools import cache

import msgspec
from fastapi import Request

from shared import clock
from shared.aws import ConditionFailed, Table, Update
from shared.clock import SECOND_US
from shared.errors import TooManyRequests, Unavailable
from shared.http.identity import Caller, CallingDevice
from shared.observability import logger

MINUTE_US = 60 * SECOND_US
# Requests a minute and process that are not counted. One that takes seconds is as many as those.
_UNCOUNTED = 10
# With few requests a minute allowed, few are left uncounted.
_UNCOUNTED_SHARE = 100
_MOST_AT_A_TIME = 32
_TAKEN_FOR_US = 10 * SECOND_US
_KEPT_S = 3_600
_TRIES = 4
# What is known of more callers than this is forgotten; the buckets remember.
_MOST_CALLERS = 10_000


@dataclass(frozen=True)
class RateSettings:
    """Requests a minute that one user may make; as many may come at once. 0: no limit."""

    writes_a_minute: int
    queries_a_minute: int

    def of(self, kind: str) -> int:
        """The limit for `writes` or `queries`."""
        return self.writes_a_minute if kind == "writes" else self.queries_a_minute


class TokenBucket(msgspec.Struct, frozen=True):
    """The shared bucket of one user and kind."""

    table: Table
    user_id: str
    kind: str
    a_minute: int

    def take(self, tokens: int) -> int:
        """Takes tokens: 0 when they were there, else the microseconds until they would be.

        Another process may take some between two calls here, hence the tries.
        """
        cost_us = tokens * MINUTE_US // self.a_minute
        for _ in range(_TRIES):
            now_us = clock.now_us()
            latest_us = now_us + MINUTE_US - cost_us
            if self._lengthen(now_us, latest_us, cost_us):
                return 0
            item = self.table.get(*self._key)
            full_us = int(item["full_us"]) if item else 0
            if full_us > latest_us:
                return full_us - latest_us
            # More than a minute's worth is never there, not even in a full bucket.
            if full_us < now_us <= latest_us and self._start(now_us, cost_us):
                return 0
        return cost_us

    @property
    def _key(self) -> tuple[str, str]:
        return f"RATE#{self.user_id}", self.kind

    def _lengthen(self, now_us: int, latest_us: int, cost_us: int) -> bool:
        """Takes from a bucket that is not full."""
        update = Update(
            *self._key,
            add={"full_us": cost_us},
            set=self._expiry(now_us),
            extra_condition="#full BETWEEN :now AND :latest",
            names={"#full": "full_us"},
            values={":now": now_us, ":latest": latest_us},
        )
        return self._updated(update)

    def _start(self, now_us: int, cost_us: int) -> bool:
        """Takes from a full bucket."""
        update = Update(
            *self._key,
            set={"full_us": now_us + cost_us, **self._expiry(now_us)},
            extra_condition="attribute_not_exists(#full) OR #full < :now",
            names={"#full": "full_us"},
            values={":now": now_us},
        )
        return self._updated(update)

    def _updated(self, update: Update) -> bool:
        try:
            self.table.update(update)
        except ConditionFailed:
            return False
        return True

    def _expiry(self, now_us: int) -> dict[str, int]:
        return {"expires_at": now_us // SECOND_US + _KEPT_S}


class _Meter(msgspec.Struct):
    """What this process knows of one caller: what went uncounted, and what it took ahead."""

    since_us: int = 0
    uncounted: int = 0
    taken: int = 0
    taken_at_us: int = 0
    size: int = 1
    refused_until_us: int = 0


class RateLimits(msgspec.Struct, frozen=True):
    """Holds callers to their rates."""

    table: Table
    settings: RateSettings

    def check(self, user_id: str, kind: str) -> None:
        """Count one request of a kind (`writes`, `queries`). Raises TooManyRequests.

        When the bucket cannot be reached, the request passes: what it needs itself decides.
        """
        a_minute = self.settings.of(kind)
        if a_minute <= 0 or self._is_uncounted(user_id, kind, a_minute):
            return
        try:
            wait_us = self._take(
                _meter(user_id, kind), TokenBucket(self.table, user_id, kind, a_minute)
            )
        except Unavailable:
            logger().warning("rate_not_checked", kind=kind)
            return
        if wait_us:
            raise TooManyRequests(
                f"a user may make {a_minute} {kind} a minute; wait, then go on more slowly",
                code="rate_exceeded",
                retry_after_s=wait_us // SECOND_US + 1,
            )

    def note_time(self, user_id: str, kind: str, seconds: float) -> None:
        """A request that took seconds counts as that many more."""
        if seconds >= 1:
            _meter(user_id, kind).uncounted += int(seconds)

    def _is_uncounted(self, user_id: str, kind: str, a_minute: int) -> bool:
        meter, now_us = _meter(user_id, kind), clock.now_us()
        if now_us - meter.since_us >= MINUTE_US:
            meter.since_us, meter.uncounted = now_us, 0
        if meter.uncounted >= min(_UNCOUNTED, a_minute // _UNCOUNTED_SHARE):
            return False
        meter.uncounted += 1
        return True

    def _take(self, meter: _Meter, bucket: TokenBucket) -> int:
        """Takes from the bucket, twice as much as before where that was used up quickly."""
        now_us = clock.now_us()
        if now_us < meter.refused_until_us:
            return meter.refused_until_us - now_us
        is_busy = now_us - meter.taken_at_us < _TAKEN_FOR_US
        if is_busy and meter.taken:
            meter.taken -= 1
            return 0
        most = max(1, min(_MOST_AT_A_TIME, bucket.a_minute // _UNCOUNTED_SHARE))
        wait_us = 0
        for size in sorted({min(2 * meter.size, most) if is_busy else 1, 1}, reverse=True):
            wait_us = bucket.take(size)
            if not wait_us:
                meter.size, meter.taken, meter.taken_at_us = size, size - 1, now_us
                return 0
        # Until then the answer is known: refusing a flood costs no calls.
        meter.refused_until_us = now_us + wait_us
        return wait_us


class HeldToRate:
    """Counts a request of a user, and the time that answering it takes.

    Devices are not held: what they may do follows from the jobs that they have.
    """

    __slots__ = ("_kind", "_limits", "_started", "_user_id")

    def __init__(self, request: Request, caller: Caller | CallingDevice) -> None:
        limits = request.app.state.rates
        self._limits = limits() if limits and isinstance(caller, Caller) else None
        self._kind = "queries" if request.method in ("GET", "HEAD") else "writes"
        self._user_id = caller.name

    def __enter__(self) -> None:
        """Count the request. Raises TooManyRequests."""
        if self._limits is not None:
            self._limits.check(self._user_id, self._kind)
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Count the time."""
        if self._limits is not None:
            seconds = time.perf_counter() - self._started
            self._limits.note_time(self._user_id, self._kind, seconds)


@cache
def _meters() -> dict[tuple[str, str], _Meter]:
    return {}


def _meter(user_id: str, kind: str) -> _Meter:
    meters = _meters()
    if len(meters) > _MOST_CALLERS:
        meters.clear()
    return meters.setdefault((user_id, kind), _Meter())
