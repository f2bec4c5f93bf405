"""When a run happened: `ts`, or a time under a name that others give it; never a guess."""

from collections.abc import Mapping
from typing import Any

from shared import clock
from shared.clock import UnreadableTime
from shared.imports.members import Note, RowRefused

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


def time_name(row: Mapping[str, Any]) -> str | None:
    """The member that says when, or None where no member of a known name is more than null."""
    return next((name for name in (*OWN_NAMES, *OTHER_NAMES) if row.get(name) is not None), None)


def time_of(row: Mapping[str, Any], around: Mapping[str, Any], now_us: int, note: Note) -> int:
    """When it happened, as the row says, or what is `around` all rows; now where neither does.

    Raises RowRefused.
    """
    name = time_name(row)
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
