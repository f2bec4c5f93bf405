"""What can be said about jobs that wait: why, and behind how many.

Each thing is read once for all jobs: devices and pools together, the list of lines, and who
waits in them by one query a line.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from shared import clock
from shared.aws import side_by_side
from shared.devices import Device
from shared.jobs.dispatch import Dispatcher
from shared.jobs.job import Failure, Job
from shared.jobs.lines import Line, line_of
from shared.jobs.store import JobStore
from shared.jobs.wait_reasons import BACKOFF, NO_MATCHING_DEVICE, Candidates

# Who waits behind more jobs of one line reads this number.
_COUNTED_AHEAD = 1_000
# More lines of others are not counted.
_LINES_COUNTED = 32


@dataclass(frozen=True)
class QueueStatus:
    """The lines in which some jobs wait: `places` in them, and the devices they wait for."""

    pools: Mapping[str, list[Device]]
    pinned: Mapping[str, Device]
    lines: list[Line]
    places: Mapping[str, Mapping[str, int]]
    looked_through: dict[tuple[str | None, str, str], Candidates] = field(default_factory=dict)

    @classmethod
    def of(cls, store: JobStore, dispatcher: Dispatcher, jobs: Iterable[Job]) -> Self:
        """What those of the jobs wait for that were not sent to a device."""
        waiting = [job for job in jobs if _waits(job)]
        if not waiting:
            return cls({}, {}, [], {})
        pools, pinned = _devices(dispatcher, waiting)
        wanted = {line.name: line for line in map(line_of, waiting)}
        lines = dispatcher.lines.all()
        others = [line for line in lines if any(_before(line, each) for each in wanted.values())]
        rooms = sorted({*wanted, *(line.name for line in others[:_LINES_COUNTED])})
        places = side_by_side(lambda room: _places(store, room), rooms)
        return cls(pools, pinned, others, dict(zip(rooms, places, strict=True)))

    def document(self, job: Job) -> dict[str, Any]:
        """Why a job still waits, and behind how many; of one that was sent, that it is next."""
        if job.status != "queued" or job.ending:
            return {}
        if job.sent_to is not None:
            return {"queue": {"ahead": 0}}
        return {
            "status_reason": self._reason(job),
            "status_detail": self._detail(job),
            "queue": {"ahead": self._ahead(job)},
        }

    def _ahead(self, job: Job) -> int:
        """About how many jobs go before this one: own ones of its line and, as users take turns,
        as many of each other's; of the high level all.
        """
        line = line_of(job)
        own = self.places.get(line.name, {})
        mine = own.get(job.job_id, len(own))
        return mine + sum(
            min(len(self.places.get(other.name, ())), mine + 1)
            if other.level == line.level
            else len(self.places.get(other.name, ()))
            for other in self.lines
            if _before(other, line)
        )

    def _reason(self, job: Job) -> str | None:
        if job.attempts_made:
            return BACKOFF
        if job.device_serial is not None and job.device_serial not in self.pinned:
            return NO_MATCHING_DEVICE
        return self._candidates(job).why(job.model).reason

    def _detail(self, job: Job) -> str:
        """The reason as a sentence that names devices."""
        if job.device_serial is not None and job.device_serial not in self.pinned:
            return f"device {job.device_serial} is not registered any more"
        devices = self._candidates(job).why(job.model).detail
        return devices if job.failure is None else f"{_last_attempt(job, job.failure)}; {devices}"

    def _candidates(self, job: Job) -> Candidates:
        key = (job.device_serial, job.queue_tag, job.user_id)
        if key not in self.looked_through:
            serial = job.device_serial
            devices = self.pools[job.queue_tag] if serial is None else [self.pinned[serial]]
            self.looked_through[key] = Candidates(devices, job.user_id)
        return self.looked_through[key]


def _last_attempt(job: Job, failure: Failure) -> str:
    """What became of it, and when the next one may begin."""
    where = f" on {failure.device}" if failure.device else ""
    said = f"the last attempt failed{where} ({failure.code})"
    if not job.backs_off:
        return said
    wait_s = math.ceil((job.not_before_us - clock.now_us()) / clock.SECOND_US)
    return f"{said}, the next may begin in {wait_s} s"


def _waits(job: Job) -> bool:
    return job.status == "queued" and not job.ending and job.sent_to is None


def _devices(
    dispatcher: Dispatcher, waiting: list[Job]
) -> tuple[dict[str, list[Device]], dict[str, Device]]:
    """Devices by pool, and those that jobs are pinned to, by serial."""
    fleet = dispatcher.fleet
    pinned = {job.device_serial for job in waiting if job.device_serial is not None}
    members = fleet.pools({job.queue_tag for job in waiting if job.device_serial is None})
    found = {each.serial: each for each in fleet.some(pinned.union(*members.values()))}
    pools = {
        tag: [found[serial] for serial in sorted(serials) if serial in found]
        for tag, serials in members.items()
    }
    return pools, found


def _before(other: Line, line: Line) -> bool:
    """Whether jobs of another user's line go before those of a line, in their turn or all."""
    same = (other.device_serial, other.queue_tag, other.model) == (
        line.device_serial,
        line.queue_tag,
        line.model,
    )
    if other.name == line.name or not same:
        return False
    return other.level in (line.level, "high")


def _places(store: JobStore, room: str) -> dict[str, int]:
    ids = store.waiting(room, _COUNTED_AHEAD)
    return {job_id: place for place, job_id in enumerate(ids)}
