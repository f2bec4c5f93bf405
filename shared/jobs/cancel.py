"""Cancelling: at once while a job waits, by its device while it runs."""

from dataclasses import dataclass

from shared import clock
from shared.errors import Unavailable
from shared.jobs.errors import JobAlreadyFinished
from shared.jobs.finalization import Announcer
from shared.jobs.job import Job
from shared.jobs.store import JobStore, due

_RACES = 6


@dataclass(frozen=True)
class Cancelling:
    """Stops jobs for their users."""

    store: JobStore
    announcer: Announcer

    def cancel(self, user_id: str, job_id: str) -> Job:
        """The job as it is then: `cancelled`, or `cancelling` until its device has stopped.

        Again while it stops: the same answer. Raises JobNotFound, JobAlreadyFinished.
        """
        for _ in range(_RACES):
            moved = self._cancel_once(self.store.get(user_id, job_id))
            if moved is not None:
                return moved
        raise Unavailable("the job is being changed by others; repeat the call", retry_after_s=1)

    def _cancel_once(self, job: Job) -> Job | None:
        if job.finished or job.ending:
            raise JobAlreadyFinished(f"the job is {job.ending or job.status} already")
        if job.status == "cancelling":
            return job
        if job.status == "running" and job.lease_live:
            # Maintenance looks after the lease, should the device never answer.
            lease_end = job.lease_until_us or clock.now_us()
            return self.store.move(job, status="cancelling", **due(job.job_id, lease_end))
        return self.announcer.finish(job, "cancelled", clock.now_us(), None)
