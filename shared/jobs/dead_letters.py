"""Jobs that ended badly: listing them, giving them another chance, removing them."""

from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock, ids
from shared.errors import Unacceptable, Unavailable
from shared.jobs.bodies import model_request_of
from shared.jobs.dead_counts import by_code
from shared.jobs.dispatch import Dispatcher, waiting
from shared.jobs.errors import JobNotDead, JobNotFound
from shared.jobs.finalization import Announcer, Finalization
from shared.jobs.job import Failure, Job, expiry_us
from shared.jobs.lines import line_of
from shared.jobs.placement import Placement, placement_faults
from shared.jobs.reading import JobList
from shared.jobs.recount import Recount
from shared.jobs.store import JobStore, dead_rank, failure_code

UNDELIVERABLE = "undeliverable"
_RACES = 5
_READ_AT_ONCE = 100


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What a requeue may change; None leaves it."""

    device_serial: str | None = None
    queue_tag: str | None = None
    options: dict[str, Any] | None = None
    max_attempts: int | None = None


@dataclass(frozen=True)
class FailureGroup:
    """Dead jobs with the same failure code."""

    code: str
    count: int
    newest: Job


@dataclass(frozen=True)
class DeadLetters:
    """The dead-letter queue as users see it: jobs whose status is dead."""

    store: JobStore
    dispatcher: Dispatcher
    announcer: Announcer
    tags: tuple[str, ...]

    def page(self, user_id: str | None, limit: int, before: str | None) -> JobList:
        """Dead jobs of a user (None: of everybody), the latest first, from beyond a rank on."""
        found: list[Job] = []
        # One more, by which the page knows that another follows, and the one before it.
        for job in self.store.dead(user_id, before, at_once=limit + 2):
            if len(found) == limit:
                return JobList(found, self.place_after(found[-1]))
            found.append(job)
        return JobList(found, None)

    def place_after(self, job: Job) -> str:
        """Where a page that ends with this job is continued."""
        return dead_rank(job.finished_us or 0, job.job_id)

    def grouped(self, user_id: str | None) -> list[FailureGroup]:
        """How often which failure, the most frequent first. Raises Unavailable."""
        if not Recount(self.store).is_done:
            return self._grouped_by_reading(user_id)
        for _ in range(_RACES):
            groups = self._grouped_by_counts(user_id)
            if groups is not None:
                return groups
        raise Unavailable("the dead jobs are changing at the moment; ask again", retry_after_s=1)

    def _grouped_by_counts(self, user_id: str | None) -> list[FailureGroup] | None:
        """By the kept counts; None when one of the newest jobs moved while they were read."""
        counts = by_code(self.store.dead_counts.of(user_id))
        newest = self.store.some((each.user_id, each.newest_job_id) for each in counts)
        found = {job.job_id: job for job in newest if job.status == "dead"}
        if any(each.newest_job_id not in found for each in counts):
            return None
        return [FailureGroup(each.code, each.count, found[each.newest_job_id]) for each in counts]

    def _grouped_by_reading(self, user_id: str | None) -> list[FailureGroup]:
        groups: dict[str, FailureGroup] = {}
        for job in self.store.dead(user_id, at_once=_READ_AT_ONCE):
            code = failure_code(job.failure)
            seen = groups.get(code, FailureGroup(code, 0, job))
            groups[code] = FailureGroup(code, seen.count + 1, seen.newest)
        return sorted(groups.values(), key=lambda group: (-group.count, group.code))

    def find(self, job_id: str, user_id: str, admin: bool) -> Job:
        """A job that the caller may judge: their own, or any for an administrator."""
        owner = self.store.owner(job_id) if admin else user_id
        if owner is None:
            raise JobNotFound(f"there is no job {job_id!r}")
        return self.store.get(owner, job_id)

    def requeue(self, job: Job, overrides: Overrides) -> Job:
        """Give a dead job another chance. Raises JobNotDead, Unacceptable."""
        _require_dead(job)
        serial = overrides.device_serial or job.device_serial
        if overrides.queue_tag and not overrides.device_serial:
            serial = None
        tag = overrides.queue_tag or job.queue_tag
        self._check(Placement(serial, tag, job.model), job)
        placed = msgspec.structs.replace(
            job,
            device_serial=serial,
            queue_tag=tag,
            expires_us=expiry_us(clock.now_us(), job.expires_in_s),
            not_before_us=0,
        )
        self.dispatcher.lines.open(line_of(placed))
        # The callback of this end must be queued: the next one will be another callback.
        self.announcer.announce(job)
        queued = self.store.leave_dead_letters(
            job,
            status="queued",
            queued_us=clock.now_us(),
            expires_us=placed.expires_us,
            attempt_base=job.attempt,
            spared=0,
            not_before_us=0,
            avoids=[],
            max_attempts=overrides.max_attempts or job.max_attempts,
            device_serial=serial,
            pinned_to=serial,
            queue_tag=tag,
            request_body=self._request_body(job, overrides.options),
            device=None,
            started_us=None,
            finished_us=None,
            failure=None,
            callback_owed=False,
            **waiting(placed),
        )
        if queued is None:
            raise JobNotDead("this job has been requeued or removed meanwhile")
        return self.dispatcher.place_if_possible(queued)

    def remove(self, job: Job) -> None:
        """Forget a dead job. Raises JobNotDead."""
        _require_dead(job)
        if not self.store.remove(job):
            raise JobNotDead("this job has been requeued or removed meanwhile")

    def _check(self, placement: Placement, job: Job) -> None:
        named = [placement.device_serial] if placement.device_serial else []
        found = self.dispatcher.fleet.some(named)
        device = next((each for each in found if each.owner in (None, job.user_id)), None)
        for fault in placement_faults(placement, device, self.tags):
            raise Unacceptable(
                fault.detail, code=fault.code, faults=(fault,), allowed=fault.allowed
            )

    def _request_body(self, job: Job, options: dict[str, Any] | None) -> str:
        if options is None:
            return job.request_body
        asked = model_request_of(self.store.body(job, job.request_body))
        name = f"request-{ids.ulid()}.json"
        changed = msgspec.structs.replace(asked, options=options)
        self.store.put_body(job, name, msgspec.json.encode(changed))
        return name


@dataclass(frozen=True)
class Collector:
    """Turns messages that SQS gave up into dead jobs."""

    store: JobStore
    finalization: Finalization

    def collect(self, job_id: str, attempt: int) -> str:
        """What became of a message: `dead`, or why it says nothing about the job any more."""
        user_id = self.store.owner(job_id)
        job = None if user_id is None else self.store.find(user_id, job_id)
        if job is None:
            return "job_absent"
        if job.finished or job.ending:
            return "job_ended"
        if attempt < job.attempt_base:
            return "message_outdated"
        if job.status == "queued" and job.sent_to is None:
            return "job_waits"
        if job.status != "queued" and job.lease_live and not job.overdue:
            return "job_runs"
        return self._dead_letter(job)

    def _dead_letter(self, job: Job) -> str:
        if job.status == "queued":
            moved = self.finalization.dead_letter(job, job.failure or _undelivered())
        else:
            moved = self.finalization.lapse(job)
        if moved is None:
            raise _moved_meanwhile()
        return moved.status


def _undelivered() -> Failure:
    message = "the message was received too often without the job being claimed"
    return Failure(code=UNDELIVERABLE, message=message, retryable=True)


def _moved_meanwhile() -> Unavailable:
    return Unavailable("the job moved meanwhile; look again")


def _require_dead(job: Job) -> None:
    if job.status != "dead":
        raise JobNotDead(f"the job is {job.status}, not dead")
