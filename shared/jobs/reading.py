"""Reading jobs: lists with filters, one job with its place in the queue, results."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared import ids
from shared.aws import File, ObjectMissing, file_url, store_file
from shared.jobs.bodies import (
    ADDRESS_VALID_S,
    ModelRequest,
    Outcome,
    model_request_of,
    outcome_of,
)
from shared.jobs.dispatch import Dispatcher
from shared.jobs.document import job_document
from shared.jobs.errors import BodyExpired, JobHasNoResult, JobNotFinished
from shared.jobs.job import Job
from shared.jobs.queue_status import QueueStatus
from shared.jobs.store import JobStore

# A page that filters out more than this ends early and says that there may be more: in
# jobs, and in calls of 1 MB each, as jobs with many failed attempts are large.
_LOOKED_AT = 5_000
_CALLS = 16
_SEARCHED_AT_ONCE = 1_000
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
            job.status != "removed"
            and self.status in (None, job.status)
            and self.model in (None, job.model)
            and self.device in (None, job.device, job.device_serial)
            and self.queue_tag in (None, job.queue_tag)
            and self.tag in (None, job.tag)
            and (self.from_us is None or job.created_us >= self.from_us)
            and (self.to_us is None or job.created_us < self.to_us)
        )

    @property
    def is_selective(self) -> bool:
        """Whether jobs of the window may be left out."""
        return any((self.status, self.model, self.device, self.queue_tag, self.tag))

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
    dispatcher: Dispatcher

    def page(self, user_id: str, wanted: JobFilter, limit: int, after: str | None) -> JobList:
        """Up to `limit` of a user's jobs, from beyond a job id on; fewer where many others lie
        between them.
        """
        found: list[Job] = []
        looked_at = 0
        at_once = _SEARCHED_AT_ONCE if wanted.is_selective else limit + 1
        pages = self.store.newest_first(user_id, wanted.id_range, after, at_once)
        for calls, page in enumerate(pages, 1):
            for job in page:
                if not wanted.lets_pass(job):
                    continue
                if len(found) == limit:
                    return JobList(found, found[-1].job_id)
                found.append(job)
            looked_at += len(page)
            if page and (looked_at >= _LOOKED_AT or calls >= _CALLS):
                return JobList(found, page[-1].job_id)
        return JobList(found, None)

    def request(self, job: Job) -> ModelRequest:
        """What the job asks the model. Raises BodyExpired."""
        return model_request_of(self._body(job, job.request_body))

    def outcome(self, job: Job) -> Outcome:
        """What came out. Raises JobNotFinished, JobHasNoResult, BodyExpired."""
        if job.status == "succeeded":
            return outcome_of(self._body(job, job.outcome_name))
        if job.finished:
            raise JobHasNoResult(f"the job is {job.status}: there is no result")
        raise JobNotFinished(
            f"the job is {job.status}; ask again later", retry_after_s=_RESULT_AGAIN_S
        )

    def _body(self, job: Job, name: str) -> bytes:
        try:
            return self.store.bodies.get(job, name)
        except ObjectMissing as exc:
            raise BodyExpired(
                "what the job asked and answered is kept for a limited time, which is over"
            ) from exc

    def outcome_url(self, job: Job, text: bytes, content_type: str, kind: str) -> str:
        """An address that gives a result too large for an answer; it goes with the job."""
        name = f"result-{job.attempt}.{kind}"
        bucket, key = self.store.bodies.bucket, job.folder + name
        store_file(bucket, File(key, content_type, name), [text])
        return file_url(bucket, key, ADDRESS_VALID_S)

    def documents(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Jobs as the API shows them, with what their queues say."""
        shown = list(jobs)
        queue_status = QueueStatus.of(self.store, self.dispatcher, shown)
        return [job_document(job) | queue_status.document(job) for job in shown]
