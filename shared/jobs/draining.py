"""Jobs that are pinned to a retired device end, or move to the pool of their queue tag, as the
administrator chose; then the device's queues go.

A job that runs there when its device is retired comes back by its lease.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.devices import RetiredDevice, Retirements
from shared.isolation import kept_apart
from shared.jobs.dispatch import Dispatcher
from shared.jobs.finalization import Finalization
from shared.jobs.job import Job
from shared.jobs.lines import Line
from shared.jobs.store import JobStore

# More of one line are moved by the next sweep.
_MOVED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Draining:
    """Empties the lines of retired devices."""

    store: JobStore
    dispatcher: Dispatcher
    finalization: Finalization

    def drain(self, device: RetiredDevice, may_go_on: Callable[[], bool]) -> str:
        """End or move a retired device's jobs, or delete its queues when there are none any more.

        Repeatable: what a crash left, and what an index did not show yet, is found by the
        next sweep.
        """
        retirements = Retirements(self.dispatcher.fleet.table)
        if self.dispatcher.fleet.find(device.serial) is not None:
            # Registered again at the very moment it was retired: its queues are in use.
            retirements.forget(device.serial)
            return "device_is_back"
        lines = [each for each in self.dispatcher.lines.all() if _is_of(each, device.serial)]
        found = [self._empty(line, may_go_on) for line in lines]
        if any(found):
            return "device_drained"
        self.dispatcher.lines.remove(lines)
        retirements.finish(device)
        return "device_queues_deleted"

    def _empty(self, line: Line, may_go_on: Callable[[], bool]) -> int:
        """End the jobs of a line, or move them to their pool; how many were found."""
        ids = self.store.waiting(line.name, _MOVED_AT_ONCE)
        # One by one: an item that cannot be read must cost only itself.
        for job_id in ids:
            if not may_go_on():
                break
            with kept_apart("not_tended", "JobsNotTended", service="jobs", item=job_id):
                job = self.store.find(line.user_id, job_id)
                if job is not None and _waits_in(job, line):
                    self.finalization.let_go(job)
        return len(ids)


def _is_of(line: Line, serial: str) -> bool:
    return line.device_serial == serial


def _waits_in(job: Job, line: Line) -> bool:
    return job.status == "queued" and not job.ending and job.waits_in == line.name
