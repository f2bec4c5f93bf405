"""The one clock of the product, and how instants are read and written.

Instants are integers: microseconds since the Unix epoch, UTC (`_us`). Nothing
else in the product asks the machine for the time, so tests can hold it still.
"""

import math
import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US

# The unit of an epoch number follows from its magnitude: seconds until the year 5138,
# then milliseconds, microseconds and nanoseconds, each a thousand times finer.
_EPOCH_UNITS = ((1e11, SECOND_US), (1e14, 1_000), (1e17, 1))
# Instants lie from the first of these until before the second.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_UTC = EARLIEST.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_LATEST_US = int(LATEST.timestamp()) * SECOND_US
_NUMERIC = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)
# A text that is longer is no time, whatever fills it up. It is bounded before anything is made
# of its digits, which takes time by the square of their number (Python refuses over 4,300).
MAX_TIME_CHARACTERS = 64
# Eight digits are a date in ISO's basic form, fourteen a date and a time of day; as epoch numbers
# they would lie in 1970, and in the 27th century.
_BASIC_DATE = re.compile(r"\d{8}\Z", re.ASCII)
_BASIC_TIME = re.compile(r"\A(\d{8})(\d{6})\Z", re.ASCII)
# Rows are measured after this instant, and at most a day ahead, because clocks differ. Smaller
# numbers are durations, serial numbers and years; larger ones are dates written without dashes.
_EARLIEST_OF_A_ROW_US = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * SECOND_US


class UnreadableTime(ValueError):
    """The value is not a time in any accepted form. `code` is how a row's error says so."""

    code = "time_unreadable"


class ImplausibleTime(UnreadableTime):
    """The value can be read as a time, but nothing was measured then."""

    code = "time_implausible"


def now_us() -> int:
    """The present, in microseconds since the epoch."""
    return time.time_ns() // 1_000


def now_s() -> int:
    """The present, in whole seconds since the epoch (for TTLs and leases)."""
    return now_us() // SECOND_US


def sleep(seconds: float) -> None:
    """Let time pass."""
    time.sleep(seconds)


def sleep_about(seconds: float) -> None:
    """Let at most so much time pass, at least half: those who wait for the same thing do not
    come back together.
    """
    sleep(seconds * random.uniform(0.5, 1))  # noqa: S311  # No secret hangs on it.


def read_time(value: object) -> int:
    """Read an instant: ISO 8601 (without an offset it is UTC) or an epoch number.

    Epoch numbers, also as strings, may be in s, ms, µs or ns, by their magnitude. Text of
    8 digits is a date, of 14 a date and a time of day; text with an exponent is no time, for
    its digits may have been rounded away. Raises UnreadableTime, and ImplausibleTime for what
    is not between 1970 and 9999; never falls back to the present.
    """
    if isinstance(value, bool) or value is None:
        raise UnreadableTime("a time is an ISO 8601 string or an epoch number")
    if isinstance(value, int | float):
        return _checked(_from_epoch(value))
    if isinstance(value, str):
        if len(value) > MAX_TIME_CHARACTERS:
            raise UnreadableTime(f"a time has at most {MAX_TIME_CHARACTERS} characters")
        return _checked(_from_text(value.strip()))
    raise UnreadableTime("a time is an ISO 8601 string or an epoch number")


def read_times(values: Sequence[Any]) -> list[int]:
    """Read many instants, quicker than one by one where they are epoch numbers in one unit.

    Raises UnreadableTime for the first that is none.
    """
    if values and set(map(type, values)) in ({int}, {float}):
        low, high = min(values), max(values)
        for limit, factor in _EPOCH_UNITS:
            # Equal for the least and the greatest means equal for all between them.
            if low >= 0 and high < limit:
                return [round(value * factor) for value in values]
            if low < limit:
                break
    return list(map(read_time, values))


def read_row_time(value: object, now_us: int) -> int:
    """Read the instant of a row that arrives at `now_us`, as `read_time` does.

    Raises ImplausibleTime for what is before 2000 or more than 24 hours ahead.
    """
    us = read_time(value)
    first, last = row_times_us(now_us)
    if us < first:
        raise ImplausibleTime(f"{_shown(value)} would be {iso(us)[:10]}; no time is before 2000")
    if us > last:
        raise ImplausibleTime(
            f"{_shown(value)} would be {iso(us)[:19]}Z; no time is over 24 hours ahead"
        )
    return us


def read_row_times(values: Sequence[Any], now_us: int) -> list[int]:
    """Read the instants of many rows. Raises UnreadableTime for the first that is none."""
    found = read_times(values)
    first, last = row_times_us(now_us)
    if found and first <= min(found) and max(found) <= last:
        return found
    return [read_row_time(value, now_us) for value in values]


def row_times_us(now_us: int) -> tuple[int, int]:
    """The first and the last instant that a row may have which arrives at `now_us`."""
    return _EARLIEST_OF_A_ROW_US, now_us + DAY_US


def _shown(value: object) -> str:
    return str(value)[:MAX_TIME_CHARACTERS].strip()


def _from_epoch(number: int | float) -> int:
    if isinstance(number, float) and not math.isfinite(number):
        raise UnreadableTime("a time is a finite number")
    for limit, factor in _EPOCH_UNITS:
        if abs(number) < limit:
            return number * factor if isinstance(number, int) else round(number * factor)
    return int(number) // 1_000


def _from_text(text: str) -> int:
    text = _BASIC_TIME.sub(r"\1T\2", text)
    if _NUMERIC.match(text) and not _BASIC_DATE.match(text):
        return _from_epoch(float(text) if "." in text else int(text))
    if len(text) < len("20250101"):
        raise UnreadableTime(f"{text[:40]!r} is not an ISO 8601 time or an epoch number")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UnreadableTime(f"{text[:40]!r} is not an ISO 8601 time or an epoch number") from exc
    return to_us(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _checked(us: int) -> int:
    if not 0 <= us < _LATEST_US:
        raise ImplausibleTime("a time is between 1970 and 9999")
    return us


def to_us(moment: datetime) -> int:
    """An aware datetime in microseconds since the epoch, exactly."""
    return (moment - EARLIEST) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EARLIEST + timedelta(0, 0, us)


def iso(us: int) -> str:
    """How instants leave the API: `2025-12-03T18:00:00.000Z`, milliseconds rounded down."""
    return (_EARLIEST_UTC + timedelta(0, 0, us)).isoformat("T", "milliseconds") + "Z"


def iso_or_none(us: int | None) -> str | None:
    """`iso`, or None where there is no instant."""
    return None if us is None else iso(us)


def day_of(us: int) -> str:
    """The UTC calendar day of an instant, `YYYY-MM-DD`."""
    return from_us(us).date().isoformat()


def day_start_us(day: str) -> int:
    """The first instant of a UTC calendar day."""
    first = date.fromisoformat(day)
    return to_us(datetime(first.year, first.month, first.day, tzinfo=UTC))
