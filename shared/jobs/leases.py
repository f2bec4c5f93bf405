"""What devices say about jobs: claim, heartbeat, complete, fail. Every call may be repeated.

A device speaks for a job only with the attempt that its claim gave it; a device that lost
the lease hears so and changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import ObjectMissing, Table
from shared.clock import SECOND_US
from shared.datasets import load_adapter
from shared.devices import Device, Fleet, Telemetry, note_claimed, note_going_on
from shared.errors import DependencyFailed, EvalyardError, Unavailable
from shared.jobs.bodies import ModelRequest, Result, model_request_of
from shared.jobs.errors import JobGone, JobLeased, JobNotForDevice, LeaseLost, job_gone
from shared.jobs.finalization import Finalization
from shared.jobs.flags import with_seen_flags
from shared.jobs.job import LEASE_S, Attempt, Failure, Job, Speaker, stored_attempts
from shared.jobs.logs import Logs, LogUpload
from shared.jobs.store import JobStore, SlotTaken, due
from shared.observability import logger

# Losing this many races in a row means that something else is wrong.
_RACES = 6
CANCELLED = "cancelled"
# A message that was to come at a moment comes by another clock.
_EARLY_S = 1.0


@dataclass(frozen=True)
class ClaimedJob:
    """A job in a device's hands, and what it asks."""

    job: Job
    request: ModelRequest


@dataclass(frozen=True)
class HandedOut:
    """A claim's answer, and which of all attempts of the job it begins."""

    answer: bytes
    attempt: int


@dataclass(frozen=True)
class Leases:
    """The device's side of jobs."""

    store: JobStore
    fleet: Fleet
    finalization: Finalization
    catalog: Table

    def claim(self, serial: str, job_id: str, render: Callable[[ClaimedJob], bytes]) -> HandedOut:
        """Take a job and answer by `render`, or learn why not. Raises JobGone, JobLeased,
        JobNotForDevice.

        Again by the holder: the same answer. It is made before the job is taken, so that
        what cannot be answered costs no attempt.
        """
        device = self.fleet.get(serial)
        for _ in range(_RACES):
            job = self._existing(job_id, device)
            self._check_entitled(device, job)
            if job.finished or job.ending:
                raise JobGone(f"the job is {job.ending or job.status}: delete the message")
            if job.expired:
                self.finalization.expire(job)
                continue
            self._check_suited(device, job)
            _check_here(device, job)
            with _bodies_of(job):
                request = model_request_of(self.store.bodies.get(job, job.request_body))
            answer = render(ClaimedJob(_once_taken(job), request))
            held = self._hold(job, serial)
            if held is not None:
                self._note_claimed(held, serial)
                return HandedOut(answer, held.attempt)
        raise _lost_races()

    def heartbeat(self, speaker: Speaker, job_id: str, telemetry: Telemetry | None = None) -> bool:
        """Renew the lease, and note that its device is there and what it measured; True when the
        job's user wants it stopped. Raises LeaseLost.
        """
        if self._renewed(speaker, job_id, telemetry):
            if telemetry is not None:
                self.fleet.keep_point(speaker.device, telemetry)
            return False
        cancel = self._beat(speaker, job_id)
        if telemetry is not None:
            said = {"reported_using": True, "job_id": job_id}
            self.fleet.report(speaker.device, said, telemetry)
        return cancel

    def _renewed(self, speaker: Speaker, job_id: str, telemetry: Telemetry | None) -> bool:
        """Whether the slot says whose job it is, and that attempt runs on: two writes, no read."""
        held = note_going_on(
            self.fleet.table, speaker.device, job_id, speaker.number, speaker.attempt, telemetry
        )
        if held is None:
            return False
        owner, attempt = str(held["holds_for"]), int(held["held_attempt"])
        job = self.store.renew(owner, job_id, speaker.device, attempt, _lease_end())
        return job is not None and not job.overdue

    def _beat(self, speaker: Speaker, job_id: str) -> bool:
        """The heartbeat of a job that is cancelled, ends or is overdue, or whose slot does not say
        whose it is.
        """
        for _ in range(_RACES):
            job = self._held(job_id, speaker)
            if job.ending:
                return False
            if job.overdue and job.status == "running":
                self.finalization.lapse(job)
                continue
            if self.store.move(job, lease_until_us=_lease_end()) is not None:
                return job.status == "cancelling"
        raise _lost_races()

    def log_upload(self, speaker: Speaker, job_id: str, size: int) -> LogUpload:
        """Where the attempt may put its log of so many bytes. Raises LeaseLost, TooLarge."""
        return Logs(self.store.bodies.bucket).place(self._held(job_id, speaker), size)

    def complete(self, speaker: Speaker, job_id: str, result: Result) -> Job:
        """End the attempt with a result; the job as it is then. Raises LeaseLost, JobGone, and
        LogNotUploaded.

        A cancel that came first stands: the result of a cancelling job is dropped.
        """
        for _ in range(_RACES):
            job = self._existing(job_id)
            if job.status in ("succeeded", "cancelled") and job.was_tried_by(speaker):
                return self._told(job)
            _require_held(job, speaker)
            with _bodies_of(job):
                ended = self._complete_once(job, result)
            if ended is not None:
                return ended
        raise _lost_races()

    def fail(
        self,
        speaker: Speaker,
        job_id: str,
        failure: Failure,
        retry_after_s: float | None = None,
    ) -> Job:
        """End the attempt with a failure; the job as it is then. Raises LeaseLost, JobGone.

        `retry_after_s`: when the model's server wants to be asked again.
        """
        for _ in range(_RACES):
            job = self._existing(job_id)
            if _failed_before(job, speaker):
                return self._told(job)
            _require_held(job, speaker)
            ended = self._fail_once(job, failure, retry_after_s)
            if ended is not None:
                return ended
        raise _lost_races()

    def _told(self, job: Job) -> Job:
        """The job, its callback queued, should an earlier call have been cut off before that."""
        self.finalization.announcer.announce(job)
        return job

    def _complete_once(self, job: Job, result: Result) -> Job | None:
        if job.ending:
            return self.finalization.settle(job)
        if job.status == "cancelling":
            return self.finalization.lapse(job)
        adapter = None
        if job.adapter_id is not None:
            adapter = load_adapter(self.catalog, job.user_id, job.adapter_id)
        if result.log_uploaded:
            size = Logs(self.store.bodies.bucket).size(job)
            result = msgspec.structs.replace(result, log_bytes=size)
        result = with_seen_flags(result, lambda: self._kind(job.device))
        return self.finalization.succeed(job, result, adapter)

    def _kind(self, serial: str | None) -> str | None:
        device = None if serial is None else self.fleet.find(serial)
        return None if device is None else device.kind

    def _fail_once(self, job: Job, failure: Failure, retry_after_s: float | None) -> Job | None:
        if job.ending:
            return self.finalization.settle(job)
        if job.status == "cancelling":
            return self.finalization.lapse(job)
        if failure.code == CANCELLED:
            # No user cancelled: the device gave up for reasons of its own.
            failure = msgspec.structs.replace(failure, retryable=True)
        return self.finalization.fail(job, failure, reported=True, retry_after_s=retry_after_s)

    def _hold(self, job: Job, serial: str) -> Job | None:
        """The job in this device's hands; None when it moved meanwhile. Raises JobLeased."""
        if job.status == "queued":
            return self._take(job, serial)
        if job.lease_live and not job.overdue:
            if job.device != serial:
                raise JobLeased("another device runs this job", retry_after_s=LEASE_S)
            return self.store.move(job, lease_until_us=_lease_end())
        self.finalization.lapse(job)
        return None

    def _take(self, job: Job, serial: str) -> Job | None:
        """The job, which runs now. One that waits, whose message came late or twice, takes the
        device's slot. Raises JobGone when the device has another job.
        """
        now, taken = clock.now_us(), _once_taken(job)
        running = Attempt(attempt=taken.attempt, number=taken.number, device=serial, started_us=now)
        try:
            return self.store.move(
                job,
                status="running",
                attempt=taken.attempt,
                device=serial,
                sent_to=serial,
                started_us=now,
                lease_until_us=_lease_end(),
                attempts=stored_attempts([*job.attempts, running]),
                failure=None,
                waits_in=None,
                rank=None,
                **due(job.job_id, _lease_end()),
            )
        except SlotTaken as exc:
            raise _sent_elsewhere() from exc

    def _note_claimed(self, job: Job, serial: str) -> None:
        """What the slot says is a help: without it heartbeats read the job."""
        try:
            note_claimed(self.fleet.table, serial, job.job_id, job.number, job.attempt)
        except DependencyFailed:
            logger().warning("claim_not_noted", job_id=job.job_id)

    def _existing(self, job_id: str, device: Device | None = None) -> Job:
        """A job, whose user the slot of its device names, or else its id."""
        sent = device is not None and device.holds == job_id
        user_id = (device.holds_for if device and sent else None) or self.store.owner(job_id)
        job = None if user_id is None else self.store.find(user_id, job_id)
        if job is None:
            raise job_gone()
        return job

    def _held(self, job_id: str, speaker: Speaker) -> Job:
        job = self._existing(job_id)
        _require_held(job, speaker)
        return job

    def _check_entitled(self, device: Device, job: Job) -> None:
        pinned = job.device_serial
        if not (pinned == device.serial if pinned else job.queue_tag in device.queue_tags):
            raise JobNotForDevice("this is not a job for this device")

    def _check_suited(self, device: Device, job: Job) -> None:
        if device.owner not in (None, job.user_id):
            raise JobNotForDevice("this is not a job for this device")
        if device.maintenance and job.device != device.serial:
            raise JobNotForDevice("the device is in maintenance")


def _check_here(device: Device, job: Job) -> None:
    """Raises JobGone where a job was sent to another device since the message came, waits for its
    next attempt, or would be spent on a device that is not well; another message comes for it.
    """
    if job.status != "queued" or job.sent_to == device.serial:
        return
    not_now = device.unhealthy or device.resting
    if job.sent_to is not None or not_now or not job.may_go_to(device.serial, early_s=_EARLY_S):
        raise _sent_elsewhere()


def _require_held(job: Job, speaker: Speaker) -> None:
    if not job.held_by(speaker):
        raise LeaseLost("this attempt does not hold the job; stop, and leave the message")


def _sent_elsewhere() -> JobGone:
    return JobGone("the job is sent elsewhere: delete the message")


def _once_taken(job: Job) -> Job:
    """The job as its claim answers it: a queued one gets another attempt."""
    if job.status != "queued":
        return job
    return msgspec.structs.replace(job, attempt=job.attempt + 1)


def _failed_before(job: Job, speaker: Speaker) -> bool:
    """Whether this attempt has ended, by this device, with a failure or a cancel."""
    if job.status in ("cancelled", "dead"):
        return job.was_tried_by(speaker)
    return job.status == "queued" and any(
        (past.number or past.attempt) == speaker.number
        and speaker.attempt in (None, past.attempt)
        and past.device == speaker.device
        and past.reported
        for past in job.attempts[-1:]
    )


@contextmanager
def _bodies_of(job: Job) -> Iterator[None]:
    """Bodies only go with the job itself, at this moment with its user's account."""
    try:
        yield
    except ObjectMissing as exc:
        raise JobGone(f"the job {job.job_id!r} is being removed: delete the message") from exc


def _lease_end() -> int:
    return clock.now_us() + LEASE_S * SECOND_US


def _lost_races() -> EvalyardError:
    return Unavailable("the job is being changed by others; repeat the call", retry_after_s=1)
