"""Time buckets: where they begin, in which zone, and how many there may be."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

from shared.clock import SECOND_US, from_us, to_us
from shared.errors import Fault, MalformedInput
from shared.usage.zones import zone_of

MAX_BUCKETS = 1_500
MAX_BUCKET_S = 366 * 86_400
AUTO_BUCKETS = 50
_DAY_S = 86_400
BUCKET_NAMES = {"minute": 60, "hour": 3_600, "day": _DAY_S}
_SECONDS = re.compile("[0-9]{1,8}")
_NICE_STEPS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    1_209_600,
    2_592_000,
)


class TooManyBuckets(MalformedInput):
    """The window holds more buckets than an answer may have."""

    code = "too_many_buckets"


def bucket_seconds(text: str, from_us: int, to_us: int) -> int:
    """The length of a bucket in seconds: `auto`, a number of seconds, or a name.

    Raises MalformedInput for anything else.
    """
    if text == "auto":
        return auto_seconds(from_us, to_us)
    if text in BUCKET_NAMES:
        return BUCKET_NAMES[text]
    if _SECONDS.fullmatch(text) and 0 < int(text) <= MAX_BUCKET_S:
        return int(text)
    raise MalformedInput(
        f"bucket is auto, minute, hour, day, or a number of seconds up to {MAX_BUCKET_S}",
        code="invalid_parameter",
        allowed=("auto", *BUCKET_NAMES),
        faults=(Fault("/query/bucket", "not_allowed", "not a bucket"),),
    )


def bucket_edges(step_s: int, from_us: int, to_us: int, tz: str) -> list[int]:
    """The first instant of each bucket that the window touches, ascending.

    Whole days begin at local midnight (so a day may have 23 or 25 hours); shorter and
    longer buckets are aligned to midnight UTC of the epoch plus the zone's offset at
    the window's start. Raises TooManyBuckets, MalformedInput for an unknown zone.
    """
    zone = zone_of(tz)
    if (to_us - from_us) / SECOND_US / step_s > MAX_BUCKETS:
        raise TooManyBuckets(f"at most {MAX_BUCKETS} buckets; ask for longer ones or less time")
    if step_s == _DAY_S:
        return list(takewhile(lambda midnight: midnight < to_us, _midnights(from_us, zone)))
    offset_us = _offset_us(from_us, zone)
    step_us = step_s * SECOND_US
    first = (from_us + offset_us) // step_us * step_us - offset_us
    return list(range(first, to_us, step_us))


def bucket_sql(us: str, edges: Sequence[int]) -> str:
    """SQL for the beginning of the bucket that holds an instant (SQL, microseconds).

    Reckoned, not looked up: most edges are equally far apart, but for changes of the clock.
    """
    lengths = [end - start for start, end in pairwise(edges)]
    stretches: list[tuple[int, int]] = []
    for start, length in zip(edges, lengths, strict=False):
        if not stretches or stretches[-1][1] != length:
            stretches.append((start, length))
    cases = [
        f"WHEN {us} < {end} THEN {start} + ({us} - {start}) // {length} * {length}"
        for (start, length), (end, _) in pairwise([*stretches, (edges[-1], 0)])
    ]
    return f"CASE {' '.join(cases)} ELSE {edges[-1]} END" if cases else str(edges[-1])


def is_partial(edges: list[int], step_s: int, to_us: int, tz: str) -> bool:
    """Whether the window ends inside its last bucket."""
    return bool(edges) and _end(edges[-1], step_s, zone_of(tz)) > to_us


def _end(edge_us: int, step_s: int, zone: ZoneInfo) -> int:
    if step_s != _DAY_S:
        return edge_us + step_s * SECOND_US
    return next(midnight for midnight in _midnights(edge_us, zone) if midnight > edge_us)


def auto_seconds(from_us: int, to_us: int, buckets: int = AUTO_BUCKETS) -> int:
    """The shortest round length of which the window has at most so many."""
    wanted = (to_us - from_us) / SECOND_US / buckets
    fitting = (step for step in _NICE_STEPS_S if step >= wanted)
    return next(fitting, max(_NICE_STEPS_S[-1], int(wanted // 86_400 + 1) * 86_400))


def _midnights(start_us: int, zone: ZoneInfo) -> Iterator[int]:
    """The beginnings of local days, from the one that an instant is in.

    A day that a zone left out (2011-12-30 in Samoa) begins when the next one does: once.
    """
    local = from_us(start_us).astimezone(zone)
    midnight = datetime.combine(local.date(), time.min)
    before = None
    while True:
        edge = _instant(midnight, zone)
        if edge != before:
            yield edge
        before = edge
        midnight += timedelta(days=1)


def _instant(naive: datetime, zone: ZoneInfo) -> int:
    return to_us(naive.replace(tzinfo=zone).astimezone(UTC))


def _offset_us(us: int, zone: ZoneInfo) -> int:
    offset = from_us(us).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) * SECOND_US
