"""Reads `Retry-After` (RFC 9110, 10.2.3), and `retry-after-ms` of servers that are more exact; no
I/O.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Final

# A server that wants more than this does not know what it says; it is asked again by then.
_LONGEST_S: Final = 3_600.0


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """For how long the server wants to be left alone; None where it does not say."""
    exact_ms, said = headers.get("retry-after-ms"), headers.get("retry-after")
    found = _number(exact_ms, 0.001)
    if found is None:
        found = _number(said, 1.0)
    if found is None and said:
        found = _until(said, headers.get("date"))
    return None if found is None else min(max(found, 0.0), _LONGEST_S)


def _number(text: str | None, unit_s: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value * unit_s if isfinite(value) else None


def _until(said: str, now: str | None) -> float | None:
    """By the server's clock, for the device's may be wrong."""
    until = _moment(said)
    if until is None:
        return None
    return (until - (_moment(now or "") or datetime.now(UTC))).total_seconds()


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
