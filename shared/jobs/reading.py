"""Reading jobs: lists with filters, one job with its place in the queue, results."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared import ids
from shared.aws import File, file_url, store_file
from shared.devices import Device
from shared.jobs.bodies import (
    ADDRESS_VALID_S,
    Outcome,
    Question,
    outcome_name,
    outcome_of,
    question_of,
)
from shared.jobs.document import job_document
from shared.jobs.errors import JobHasNoResult, JobNotFinished
from shared.jobs.job import Job
from shared.jobs.lanes import Lane, Lanes
from shared.jobs.reasons import BACKOFF, NO_MATCHING_DEVICE, waiting_reason
from shared.jobs.store import JobStore

# A page that filters out more than this ends early and says that there may be more.
_LOOKED_AT = 5_000
_RESULT_AGAIN_S = 2


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list; None lets all pass. The window is half-open, on `created_us`."""

    status: str | None = None
    model: str | None = None
    device: str | None = None
    queue_tag: str | None = None
    tag: str | None = None
    from_us: int | None = None
    to_us: int | None = None

    def lets_pass(self, job: Job) -> bool:
        """Whether a job is one of those asked for."""
        return (
            self.status in (None, job.status)
            and self.model in (None, job.model)
            and self.device in (None, job.device, job.device_serial)
            and self.queue_tag in (None, job.queue_tag)
            and self.tag in (None, job.tag)
            and (self.from_us is None or job.created_us >= self.from_us)
            and (self.to_us is None or job.created_us < self.to_us)
        )

    @property
    def id_range(self) -> tuple[str, str]:
        """The ids that jobs of the window can have: ids begin with their millisecond."""
        low = "" if self.from_us is None else ids.ulid(self.from_us)[:10]
        high = "" if self.to_us is None else ids.ulid(self.to_us)[:10]
        return f"job_{low}", f"job_{high}~"


@dataclass(frozen=True)
class JobList:
    """A page of jobs, newest first; `next_after` is where the following page starts."""

    jobs: list[Job]
    next_after: str | None


@dataclass(frozen=True)
class JobReader:
    """Answers questions about a user's jobs."""

    store: JobStore
    lanes: Lanes

    def page(self, user_id: str, wanted: JobFilter, limit: int, after: str | None) -> JobList:
        """Up to `limit` of a user's jobs, from beyond a job id on."""
        found: list[Job] = []
        jobs = self.store.newest_first(user_id, wanted.id_range, after)
        for looked_at, job in enumerate(jobs, 1):
            if len(found) == limit:
                return JobList(found, found[-1].job_id)
            if wanted.lets_pass(job):
                found.append(job)
            if looked_at == _LOOKED_AT:
                return JobList(found, job.job_id)
        return JobList(found, None)

    def question(self, job: Job) -> Question:
        """What the job asks the model."""
        return question_of(self.store.body(job, job.request_body))

    def outcome(self, job: Job) -> Outcome:
        """What came out. Raises JobNotFinished, JobHasNoResult."""
        if job.status == "succeeded":
            return outcome_of(self.store.body(job, outcome_name(job.attempt)))
        if job.finished:
            raise JobHasNoResult(f"the job is {job.status}: there is no result")
        raise JobNotFinished(
            f"the job is {job.status}; ask again later", retry_after_s=_RESULT_AGAIN_S
        )

    def outcome_url(self, job: Job, text: bytes, content_type: str, kind: str) -> str:
        """An address that gives a result too large for an answer; it goes with the job."""
        name = f"result-{job.attempt}.{kind}"
        store_file(self.store.bucket, File(job.folder + name, content_type, name), [text])
        return file_url(self.store.bucket, job.folder + name, ADDRESS_VALID_S)

    def documents(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Jobs as the API shows them, with what their queues say."""
        waiting_rooms = _WaitingRooms(self.lanes)
        return [job_document(job) | waiting_rooms.say(job) for job in jobs]


@dataclass
class _WaitingRooms:
    """Looks at each lane once, however many jobs of a list wait in it."""

    lanes: Lanes
    _lanes: dict[tuple[str | None, str, bool], Lane | None] = field(default_factory=dict)
    _messages: dict[str, int] = field(default_factory=dict)
    _devices: dict[tuple[str | None, str], list[Device]] = field(default_factory=dict)

    def say(self, job: Job) -> dict[str, Any]:
        """Why a job still waits, and behind how many."""
        if job.status != "queued" or job.ending:
            return {}
        lane = self._lane(job)
        if lane is None:
            return {"status_reason": NO_MATCHING_DEVICE}
        ahead = self._ahead(job, lane)
        return {"status_reason": self._reason(job), "queue": {"ahead": ahead}}

    def _lane(self, job: Job) -> Lane | None:
        key = (job.device_serial, job.queue_tag, job.priority >= 5)
        if key not in self._lanes:
            self._lanes[key] = self.lanes.lane(job)
        return self._lanes[key]

    def _ahead(self, job: Job, lane: Lane) -> int:
        if lane.url not in self._messages:
            self._messages[lane.url] = self.lanes.messages(lane)
        return self.lanes.ahead(job, self._messages[lane.url])

    def _reason(self, job: Job) -> str | None:
        if job.attempts_made:
            return BACKOFF
        in_window = job.waits_in is None
        return waiting_reason(self._candidates(job), job.user_id, job.model, in_window=in_window)

    def _candidates(self, job: Job) -> list[Device]:
        key = (job.device_serial, job.queue_tag)
        if key not in self._devices:
            self._devices[key] = self.lanes.candidates(*key)
        return self._devices[key]
