"""What the queues say about jobs that wait: why, and behind how many.

Each thing is read once for all jobs: devices and pools together, each lane's messages,
and each user's waiting jobs in a lane by one query.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.aws import side_by_side
from shared.jobs.job import Job
from shared.jobs.lanes import Lane, Lanes, Servers
from shared.jobs.store import JobStore
from shared.jobs.wait_reasons import BACKOFF, NO_MATCHING_DEVICE, waiting_reason

# Who waits behind more of their own jobs reads this number.
_COUNTED_AHEAD = 1_000


@dataclass(frozen=True)
class QueueStatus:
    """The lanes in which some jobs wait: `messages` by URL, `places` by where a job waits."""

    servers: Servers
    lanes: Mapping[str, Lane]
    messages: Mapping[str, int]
    places: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, store: JobStore, lanes: Lanes, jobs: Iterable[Job]) -> Self:
        """The lanes of those of the jobs that wait."""
        waiting = [job for job in jobs if _waits(job)]
        servers = lanes.servers(waiting)
        found = {job.job_id: lane for job in waiting if (lane := servers.lane(job))}
        rooms = {job.waits_in for job in waiting if job.waits_in and job.job_id in found}
        return cls(
            servers,
            found,
            dict(_each(lanes.messages, {lane.url for lane in found.values()})),
            dict(_each(lambda room: _places(store, room), rooms)),
        )

    def document(self, job: Job) -> dict[str, Any]:
        """Why a job still waits, and behind how many; nothing of one that does not."""
        if not _waits(job):
            return {}
        lane = self.lanes.get(job.job_id)
        if lane is None:
            return {"status_reason": NO_MATCHING_DEVICE}
        ahead = self._ahead(job, self.messages[lane.url])
        return {"status_reason": self._reason(job), "queue": {"ahead": ahead}}

    def _ahead(self, job: Job, visible: int) -> int:
        """About how many jobs go before this one: visible messages, and own waiting ones."""
        if job.waits_in is None:
            return max(0, visible - 1)
        places = self.places[job.waits_in]
        return visible + places.get(job.job_id, len(places))

    def _reason(self, job: Job) -> str | None:
        if job.attempts_made:
            return BACKOFF
        candidates = self.servers.candidates(job.device_serial, job.queue_tag)
        in_window = job.waits_in is None
        return waiting_reason(candidates, job.user_id, job.model, in_window=in_window)


def _waits(job: Job) -> bool:
    return job.status == "queued" and not job.ending


def _places(store: JobStore, room: str) -> dict[str, int]:
    ids = store.waiting(room, _COUNTED_AHEAD)
    return {job_id: place for place, job_id in enumerate(ids)}


def _each(ask: Any, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    ordered = sorted(names)
    return zip(ordered, side_by_side(ask, ordered), strict=True)
