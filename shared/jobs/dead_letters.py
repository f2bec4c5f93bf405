"""Jobs that ended badly: listing them, giving them another chance, removing them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from shared import clock, ids
from shared.errors import Unacceptable, Unavailable
from shared.jobs.bodies import model_request_of
from shared.jobs.dead_counts import DeadCount, DeadGroup, model_key, summed
from shared.jobs.dispatch import Dispatcher, waiting
from shared.jobs.errors import JobNotDead, JobNotFound
from shared.jobs.finalization import Announcer, Finalization
from shared.jobs.job import Failure, Job, expiry_us
from shared.jobs.lines import line_of
from shared.jobs.placement import Placement, placement_faults
from shared.jobs.reading import JobList
from shared.jobs.recount import Recount
from shared.jobs.store import JobStore, dead_rank

UNDELIVERABLE = "undeliverable"
_RACES = 5
_READ_AT_ONCE = 100
# A page that filters most jobs out ends after so many.
_LOOKED_AT = 2_000
Grouping = Literal["failure", "device"]
# A group's count and name, by which groups are in order.
GroupPlace = tuple[int, str]


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What a requeue may change; None leaves it."""

    device_serial: str | None = None
    queue_tag: str | None = None
    options: dict[str, Any] | None = None
    max_attempts: int | None = None


@dataclass(frozen=True)
class CountedGroup:
    """Dead jobs that are alike."""

    group: DeadGroup
    count: int
    newest: Job


@dataclass(frozen=True)
class GroupList:
    """A page of groups; `next_after` is where the next one begins, None after the last."""

    groups: list[CountedGroup]
    next_after: GroupPlace | None


@dataclass(frozen=True)
class DeadFilter:
    """Which dead jobs are meant: of a user, a device where they failed, a model, the code of their
    failure; None: of all.
    """

    user_id: str | None = None
    device: str | None = None
    model: str | None = None
    code: str | None = None

    @property
    def is_selective(self) -> bool:
        """Whether some jobs of the user are not meant."""
        return (self.device, self.model, self.code) != (None, None, None)

    def lets_pass(self, group: DeadGroup) -> bool:
        """Whether jobs of a group are meant."""
        model = None if self.model is None else model_key(self.model)
        return (
            self.device in (None, group.device)
            and model in (None, group.model)
            and self.code in (None, group.code)
        )


def _by_code(group: DeadGroup) -> str:
    return group.code


def _by_device(group: DeadGroup) -> str | None:
    return group.device


_GROUPINGS = {"failure": _by_code, "device": _by_device}


@dataclass(frozen=True)
class DeadLetters:
    """The dead-letter queue as users see it: jobs whose status is dead."""

    store: JobStore
    dispatcher: Dispatcher
    announcer: Announcer
    tags: tuple[str, ...]

    def page(self, wanted: DeadFilter, limit: int, before: str | None) -> JobList:
        """Dead jobs, the latest first, from beyond a rank on; fewer where many others are between
        them.
        """
        found: list[Job] = []
        last: Job | None = None
        # One more, by which the page knows that another follows, and the one before it.
        at_once = _READ_AT_ONCE if wanted.is_selective else limit + 2
        for seen, job in enumerate(self.store.dead(wanted.user_id, before, at_once=at_once)):
            if last is not None and (len(found) == limit or seen >= _LOOKED_AT):
                return JobList(found, self.place_after(last))
            if wanted.lets_pass(DeadGroup.of(job, job.failure)):
                found.append(job)
            last = job
        return JobList(found, None)

    def place_after(self, job: Job) -> str:
        """Where a page that ends with this job is continued."""
        return dead_rank(job.finished_us or 0, job.job_id)

    def grouped(
        self, wanted: DeadFilter, by: Grouping, limit: int, after: GroupPlace | None
    ) -> GroupList:
        """How many failed alike, the most frequent first, from beyond a place on. Raises
        Unavailable.
        """
        for _ in range(_RACES):
            counts = [each for each in self._counts(wanted) if wanted.lets_pass(each.group)]
            kinds = {
                (each.count, _GROUPINGS[by](each.group) or ""): each
                for each in summed(counts, _GROUPINGS[by])
            }
            later = [place for place in kinds if after is None or _rank(place) > _rank(after)]
            places = sorted(later, key=_rank)
            groups = self._with_newest([kinds[place] for place in places[:limit]])
            if groups is not None:
                return GroupList(groups, places[limit - 1] if len(places) > limit else None)
        raise Unavailable("the dead jobs are changing at the moment; ask again", retry_after_s=1)

    def _counts(self, wanted: DeadFilter) -> Iterable[DeadCount]:
        """The kept counts or, until all dead jobs are counted, one for each job."""
        if Recount(self.store).is_done:
            return self.store.dead_counts.of(wanted.user_id)
        return map(_counted_alone, self.store.dead(wanted.user_id, at_once=_READ_AT_ONCE))

    def _with_newest(self, counts: list[DeadCount]) -> list[CountedGroup] | None:
        """The groups with their newest jobs; None when one of those moved since it was counted."""
        newest = self.store.some((each.user_id, each.newest_job_id) for each in counts)
        found = {job.job_id: job for job in newest if job.status == "dead"}
        if any(each.newest_job_id not in found for each in counts):
            return None
        return [CountedGroup(each.group, each.count, found[each.newest_job_id]) for each in counts]

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
        asked = model_request_of(self.store.bodies.get(job, job.request_body))
        changed = msgspec.json.encode(msgspec.structs.replace(asked, options=options))
        return self.store.bodies.put(job, f"request-{ids.ulid()}", changed).name


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
            moved = self.finalization.dead_letter(job, job.failure or _undelivered(job))
        else:
            moved = self.finalization.lapse(job)
        if moved is None:
            raise _moved_meanwhile()
        return moved.status


def _rank(place: GroupPlace) -> tuple[int, str]:
    """Where a group is among all: the most frequent first, then by name."""
    count, name = place
    return -count, name


def _counted_alone(job: Job) -> DeadCount:
    key = DeadGroup.of(job, job.failure).key
    return DeadCount(job.user_id, key, 1, dead_rank(job.finished_us or 0, job.job_id), "")


def _undelivered(job: Job) -> Failure:
    message = "the message was received too often without the job being claimed"
    return Failure(code=UNDELIVERABLE, message=message, retryable=True, device=job.sent_to)


def _moved_meanwhile() -> Unavailable:
    return Unavailable("the job moved meanwhile; look again")


def _require_dead(job: Job) -> None:
    if job.status != "dead":
        raise JobNotDead(f"the job is {job.status}, not dead")
