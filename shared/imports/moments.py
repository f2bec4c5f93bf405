"""When a run happened: `ts`, or a time under a name that others give it; never a guess."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from shared import clock
from shared.clock import UnreadableTime
from shared.imports.members import Note, RowRefused, is_number

OWN_NAMES = ("ts", "time")
# What others call the moment of a run: its beginning before its end, the precise before the vague.
OTHER_NAMES = (
    "timestamp",
    "_timestamp",
    "created",
    "created_at",
    "createdAt",
    "start_time",
    "startTime",
    "started_at",
    "datetime_utc",
    "datetime",
    "date_time",
    "test_time",
    "Timestamp",
    "date",
)
# A moment under any other name is text with a date and a time of day, or a number whose name
# says what it is: `duration_time` and `eval_at_ms` may be anything.
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_NAME_OF_MOMENT = re.compile(r"(stamp|epoch|created|_at|[a-z]At)\Z")


def time_name(row: Mapping[str, Any]) -> str | None:
    """The member that says when, or None where no member of a known name is more than null."""
    return next((name for name in (*OWN_NAMES, *OTHER_NAMES) if row.get(name) is not None), None)


def any_time_name(
    row: Mapping[str, Any], around: Mapping[str, Any], known: Collection[str], now_us: int
) -> str | None:
    """The member that says when, under a name that others give it or any but a `known` one; None
    where no member does, or what is `around` all rows. Raises RowRefused where several could.
    """
    name = time_name(row)
    if name is not None or time_name(around) is not None or not row.keys().isdisjoint(OWN_NAMES):
        return name
    found = [name for name in row.keys() - known if _is_moment(name, row[name], now_us)]
    if len(found) > 1:
        named = ", ".join(each[:40] for each in sorted(found)[:5])
        detail = f"which of {named} is when it ran? Call that one ts"
        raise RowRefused("ts", "time_ambiguous", detail)
    return found[0] if found else None


def _is_moment(name: str, value: object, now_us: int) -> bool:
    if isinstance(value, str):
        return _DATE_AND_TIME.match(value) is not None
    if not (is_number(value) and _NAME_OF_MOMENT.search(name)):
        return False
    try:
        clock.read_row_time(value, now_us)
    except UnreadableTime:
        # The third epoch of a training, recall_at 10: a number like any.
        return False
    return True


def time_of(
    row: Mapping[str, Any], name: str | None, around: Mapping[str, Any], now_us: int, note: Note
) -> int:
    """When it happened, as the member `name` says, or what is `around` all rows; now where
    neither does.

    Raises RowRefused.
    """
    if name is None and not row.keys().isdisjoint(OWN_NAMES):
        raise RowRefused("ts", "time_missing", "ts is null; leave it out to mean now")
    if name is None:
        row, name = around, time_name(around)
    if name is None:
        note("ts", "absent: the time of the import")
        return now_us
    if name not in OWN_NAMES:
        note(name, "ts")
    try:
        return clock.read_row_time(row[name], now_us)
    except UnreadableTime as exc:
        raise RowRefused(name, exc.code, f"{name}: {exc}") from exc
