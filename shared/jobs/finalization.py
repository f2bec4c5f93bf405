"""How attempts and jobs end: decided by one conditional write, then carried out step by step.

Succeeding, and dying after having run, leave a run behind. So the decision comes
first (`ending`), then the segment with the run, then the final status, then the
callback. Each step may be repeated by what finds it undone: the same call again,
or maintenance.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock
from shared.callbacks import CallbackOutbox, JobEnd
from shared.datasets import Adapter
from shared.devices import Retirements
from shared.jobs.bodies import Outcome, Result, outcome_of
from shared.jobs.dead_counts import DeadGroup
from shared.jobs.dispatch import Dispatcher
from shared.jobs.document import job_document
from shared.jobs.job import Failure, Job
from shared.jobs.recording import failed_run, outcome, record
from shared.jobs.retries import (
    MODEL_NOT_FOUND,
    Retry,
    retry_of,
    server_is_away,
    tells_against_device,
)
from shared.jobs.store import NOT_DUE, JobStore, due_in_s
from shared.observability import count
from shared.storage.log import SegmentLog

_UNDONE_S = 60
_NO_LEASE = {"lease_until_us": None}
_NOT_WAITING = {"waits_in": None, "rank": None}
_NOT_SENT = {"sent_to": None, "sent_us": None, "sends": 0}


@dataclass(frozen=True)
class Announcer:
    """Moves jobs to their final status, queues their callbacks, and serves their devices."""

    store: JobStore
    outbox: CallbackOutbox
    dispatcher: Dispatcher

    def finish(
        self, job: Job, status: str, finished_us: int, failure: Failure | None
    ) -> Job | None:
        """The last transition; None when the job has moved since it was read."""
        has_callback = job.callback_url is not None
        due = due_in_s(job.job_id, _UNDONE_S) if has_callback else NOT_DUE
        attempts = job.attempts_with_end(finished_us, failure) if _running(job) else None
        changes: dict[str, Any] = {
            "status": status,
            "finished_us": finished_us,
            "failure": None if failure is None else msgspec.to_builtins(failure),
            "ending": None,
            "callback_owed": has_callback,
            **due,
            **({} if attempts is None else {"attempts": attempts}),
            **_NO_LEASE,
            **_NOT_WAITING,
            **_NOT_SENT,
        }
        if status == "dead":
            moved = self.store.dead_letter(job, DeadGroup.of(job, failure).key, **changes)
        else:
            moved = self.store.move(job, **changes)
        if moved is None:
            return None
        if status == "dead":
            count("JobsDied", service="jobs")
        self.announce(moved)
        self.dispatcher.serve_again(job.sent_to, well=status == "succeeded")
        return moved

    def announce(self, job: Job) -> None:
        """Queue the callback of a finished job; again queues the same one."""
        if not job.callback_owed:
            return
        assert job.callback_url is not None, "only jobs with a callback URL have one due"
        assert job.finished_us is not None, "a finished job has its end"
        self.outbox.enqueue(
            JobEnd(
                job_id=job.job_id,
                user_id=job.user_id,
                url=job.callback_url,
                kind=f"job.{job.status}",
                ended_us=job.finished_us,
                data=job_document(job)
                | {"result_url": f"{job.api_url or ''}/api/jobs/{job.job_id}/result"},
            )
        )
        self.store.move(job, callback_owed=False, **NOT_DUE)


@dataclass(frozen=True)
class Finalization:
    """Ends attempts, and with them jobs."""

    store: JobStore
    dispatcher: Dispatcher
    announcer: Announcer
    segments: SegmentLog

    def succeed(self, job: Job, result: Result, adapter: Adapter | None) -> Job | None:
        """End the running attempt with a result; None when the job has moved meanwhile.

        The first result that an attempt stored is the one that counts; of two that differ so much
        in size that one is an item and one an object, that of the call that ended the attempt.
        """
        wanted = outcome(job, result, clock.now_us(), adapter)
        stem = f"outcome-{job.attempt}"
        name, body = self.store.bodies.put(job, stem, msgspec.json.encode(wanted))
        stored = outcome_of(body)
        # Maintenance looks at a running job within a minute anyway: it finds what is undone here.
        sealed = self.store.move(
            job, ending="succeeded", finished_us=stored.ended_us, outcome_body=name
        )
        return None if sealed is None else self.settle(sealed, stored)

    def settle(self, job: Job, stored: Outcome | None = None) -> Job | None:
        """Carry out a decided ending from wherever it was left; `stored`: its outcome, if known."""
        assert job.finished_us is not None, "a decided ending has its moment"
        if job.ending == "succeeded":
            done = stored or outcome_of(self.store.bodies.get(job, job.outcome_name))
            record(self.segments, job, done.run, done.row)
            return self.announcer.finish(job, "succeeded", job.finished_us, None)
        record(self.segments, job, failed_run(job), None)
        return self.announcer.finish(job, "dead", job.finished_us, job.failure)

    def fail(
        self,
        job: Job,
        failure: Failure,
        *,
        reported: bool = False,
        retry_after_s: float | None = None,
    ) -> Job | None:
        """End the running attempt with a failure: back to the queue, or dead.

        `reported`: the device said so itself, perhaps with when its server wants to be asked again.
        """
        self._note(job, failure, reported, retry_after_s)
        if failure.code == MODEL_NOT_FOUND and self._others_serve(job):
            return self._back_to_queue(job, failure, reported, Retry(0, costs=False))
        retry = retry_of(job, failure, reported=reported, retry_after_s=retry_after_s)
        if retry is None:
            return self.dead_letter(job, failure)
        return self._back_to_queue(job, failure, reported, retry)

    def lapse(self, job: Job) -> Job | None:
        """End an attempt that exceeded its lease or its time."""
        if job.status == "cancelling":
            return self.announcer.finish(job, "cancelled", clock.now_us(), None)
        return self.fail(job, _lapsed(job))

    def retire(self, job: Job) -> Job | None:
        """End a job that is pinned to a device which was retired."""
        message = f"device {job.device_serial} was retired; requeue the job for another"
        gone = job.device_serial
        failure = Failure(code="device_retired", message=message, retryable=False, device=gone)
        return self.dead_letter(job, failure)

    def let_go(self, job: Job, **changes: Any) -> Job | None:
        """End a job whose device was retired or, as the administrator chose, let it go on in its
        pool, with changes; None when it has moved meanwhile.
        """
        retired = Retirements(self.dispatcher.fleet.table).find(job.device_serial or "")
        if retired is None or not retired.moves:
            return self.retire(job)
        return self.dispatcher.wait(job, device_serial=None, **changes)

    def expire(self, job: Job) -> Job | None:
        """End a job that no device has claimed in the time that its user gave it."""
        message = f"no device took the job within {job.expires_in_s} s"
        return self.dead_letter(job, Failure(code="expired", message=message, retryable=False))

    def dead_letter(self, job: Job, failure: Failure) -> Job | None:
        """Bring a job to the dead letters; a run is left only if it ever ran."""
        now = clock.now_us()
        if not job.attempts_made:
            return self.announcer.finish(job, "dead", now, failure)
        sealed = self.store.move(
            job,
            ending="dead",
            finished_us=now,
            failure=msgspec.to_builtins(failure),
            **due_in_s(job.job_id, _UNDONE_S),
            also_if=_lease_as_read(job),
        )
        return None if sealed is None else self.settle(sealed)

    def _note(
        self, job: Job, failure: Failure, reported: bool, retry_after_s: float | None
    ) -> None:
        """What the failure says of the device."""
        health = self.dispatcher.fleet.health
        if job.device is None:
            return
        if server_is_away(failure, retry_after_s):
            health.rest(job.device, retry_after_s or 0)
        elif tells_against_device(job, failure, reported=reported):
            health.failed(job.device, job.job_id, failure.code)

    def _others_serve(self, job: Job) -> bool:
        """Whether other devices serve a pool's job whose device does not know the model; that one
        is then given no more jobs for it for a while.
        """
        if job.device_serial is not None or job.device is None:
            return False
        found = any(each.serial != job.device for each in self.dispatcher.candidates(job))
        if found:
            self.dispatcher.fleet.lose_model(job.device, job.model)
        return found

    def _back_to_queue(
        self, job: Job, failure: Failure, reported: bool, retry: Retry
    ) -> Job | None:
        """Have the job wait for its next attempt."""
        now, spared = clock.now_us(), 0 if retry.costs else 1
        changes: dict[str, Any] = {
            "status": "queued",
            "queued_us": now,
            "attempt_base": job.attempt_base + spared,
            "spared": job.spared + spared,
            "started_us": None,
            "device": None,
            "failure": msgspec.to_builtins(failure),
            "attempts": job.attempts_with_end(now, failure, reported=reported),
            "also_if": _lease_as_read(job),
            **_NO_LEASE,
        }
        if self.dispatcher.has_lost_its_device(job):
            return self.let_go(job, **changes)
        queued = self.dispatcher.retry(job, retry, **changes)
        if queued is not None:
            self.dispatcher.serve_again(job.sent_to)
        return queued


def _running(job: Job) -> bool:
    return job.status in ("running", "cancelling")


def _lease_as_read(job: Job) -> dict[str, object]:
    """A heartbeat that came between reading and deciding wins."""
    return {"lease_until_us": job.lease_until_us}


def _lapsed(job: Job) -> Failure:
    if job.overdue:
        message = f"the attempt took longer than {job.timeout_s} s"
        return Failure(code="timeout", message=message, retryable=True, device=job.device)
    message = "the device was not heard of any more"
    return Failure(code="device_lost", message=message, retryable=True, device=job.device)
