"""Where jobs wait for a device: one line per user, level, model, and pool or pinned device.

A job in a line is in the index `waiting` under the line's name, in order of priority and age.
`LINES / <name>` lists the lines, so that one query finds all that a device could serve; it
also keeps when each was served last, by which users take turns.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock
from shared.aws import Item, Table, Update
from shared.devices import Device, lane_of
from shared.jobs.job import Job

_LINES = "LINES"
# Jobs that wait for a whole quarter of an hour are looked at: their line must be listed.
LOOKED_AFTER_S = 900
# A line that was not used for so long is struck off the list when it is empty.
_KEPT_S = 3_600
# Of DynamoDB; a model's name may have as many alone.
_MOST_KEY_BYTES = 1_024


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `served` grows with each job that left it; `opened_us` is when the last came."""

    user_id: str
    level: str
    model: str
    queue_tag: str
    device_serial: str | None = None
    served: int = 0
    opened_us: int = 0

    @property
    def lane(self) -> str:
        """The queue's name for users: of a device, or of a pool."""
        if self.device_serial is not None:
            return f"device/{self.device_serial}/{self.level}"
        return f"pool/{self.queue_tag}/{self.level}"

    @property
    def name(self) -> str:
        """What the index and the list know it by; a digest of the model where no key holds it."""
        name = f"{self.lane}/{self.model}#{self.user_id}"
        if len(name.encode()) <= _MOST_KEY_BYTES:
            return name
        digest = hashlib.sha256(self.model.encode()).hexdigest()
        return f"{self.lane}/sha256:{digest}#{self.user_id}"

    def may_go_to(self, device: Device) -> bool:
        """Whether a device may run its jobs, now or at another time."""
        if self.device_serial is None:
            mine = self.queue_tag in device.queue_tags
        else:
            mine = self.device_serial == device.serial
        return mine and device.owner in (None, self.user_id) and device.serves(self.model)

    @property
    def idle(self) -> bool:
        """Whether it has not been used lately."""
        since_us = max(self.opened_us, self.served)
        return clock.now_us() - since_us > _KEPT_S * clock.SECOND_US


def line_of(job: Job) -> Line:
    """Where a job waits."""
    return Line(
        user_id=job.user_id,
        level=lane_of(job.priority),
        model=job.model,
        queue_tag=job.queue_tag,
        device_serial=job.device_serial,
    )


def rank_of(job: Job) -> str:
    """A job's place among those of its line: by priority, then by age."""
    return f"{9 - job.priority}#{job.job_id}"


def stored_rank(job: Job) -> str:
    """Its place in the index: a job that backs off is behind all that may be sent, the one first
    whose time comes first. It has its usual place again when it is looked after.
    """
    return f"~{job.not_before_us:017d}#{job.job_id}" if job.backs_off else rank_of(job)


@dataclass(frozen=True)
class Lines:
    """The list of lines."""

    table: Table

    def all(self) -> list[Line]:
        """Every line that jobs may wait in. One query."""
        return [msgspec.convert(item, Line, strict=False) for item in self.table.query(_LINES)]

    def open(self, line: Line) -> None:
        """List a line; before a job waits in it."""
        known = ("user_id", "level", "model", "queue_tag", "device_serial")
        said: Item = {name: value for name in known if (value := getattr(line, name)) is not None}
        said["opened_us"] = clock.now_us()
        self.table.update(Update(_LINES, line.name, set=said))

    def strike(self, line: Line) -> None:
        """Take an empty line off the list, unless it was used since it was read."""
        writes = self.table.transaction()
        only_if: dict[str, Any] = {"opened_us": line.opened_us, "served": line.served or None}
        writes.delete(_LINES, line.name, only_if=only_if)
        writes.commit()

    def remove(self, lines: Iterable[Line]) -> None:
        """Take lines off the list, of a user who is erased."""
        self.table.delete_many((_LINES, line.name) for line in lines)


def turn_taken(line: Line, turn: int) -> Update:
    """The line was served, on condition that it was not since it was read."""
    only_if = {"served": line.served or None}
    return Update(_LINES, line.name, set={"served": turn}, only_if=only_if, must_exist=True)


def next_turn(lines: Iterable[Line]) -> int:
    """A moment later than all turns taken: now, but for clocks that stand or differ."""
    return max([clock.now_us(), *(line.served + 1 for line in lines)])


def in_turn(lines: Iterable[Line], *, normal_first: bool) -> list[list[Line]]:
    """Lines in the order in which they are to be served: by level, then the user who was served
    longest ago; those of one user together, for priority decides among them.
    """
    waiting = list(lines)
    last: dict[str, int] = {}
    for line in waiting:
        last[line.user_id] = max(last.get(line.user_id, 0), line.served)
    groups: dict[tuple[bool, int, str], list[Line]] = {}
    first = "normal" if normal_first else "high"
    for line in waiting:
        key = (line.level != first, last[line.user_id], line.user_id)
        groups.setdefault(key, []).append(line)
    return [groups[key] for key in sorted(groups)]
