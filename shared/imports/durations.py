"""Durations between two moments of a record, and numbers in other units than ours."""

from collections.abc import Mapping
from typing import Any

from shared import clock
from shared.imports.members import RowRefused, read
from shared.runs import read_amount

_US_PER_MS = 1000
_MS_PER_S = 1000


def between_ms(members: Mapping[str, Any], first: str, last: str) -> float | None:
    """Milliseconds from one moment to another; None where one is missing or they are turned.

    Raises RowRefused for what is no time.
    """
    if members.get(first) is None or members.get(last) is None:
        return None
    try:
        us = clock.read_time(members[last]) - clock.read_time(members[first])
    except clock.UnreadableTime as exc:
        raise RowRefused(last, "time_unreadable", f"{first} or {last}: {exc}") from exc
    return us / _US_PER_MS if us >= 0 else None


def seconds_as_ms(members: Mapping[str, Any], name: str) -> float | None:
    """A duration in seconds as milliseconds. Raises RowRefused."""
    seconds = read(members, name, read_amount)
    return None if seconds is None else seconds * _MS_PER_S


def mapping_in(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that a member holds; an empty one where it holds none."""
    found = members.get(name)
    return found if isinstance(found, Mapping) else {}
