"""Jobs of retired devices move to the pool of their queue tag; then the device's queues go.

A job that runs there when its device is retired comes back by its lease, and moves then.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.aws import Item, Table
from shared.devices import LANES, RetiredDevice, Retirements
from shared.isolation import kept_apart
from shared.jobs.dispatch import Dispatcher, waiting
from shared.jobs.job import Job
from shared.jobs.keys import in_flight_of, lane_key, user_key
from shared.jobs.store import JobStore

# More of one user's are moved by the next sweep.
_MOVED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Draining:
    """Empties the queues of retired devices."""

    store: JobStore
    dispatcher: Dispatcher

    def drain(self, device: RetiredDevice, may_go_on: Callable[[], bool]) -> str:
        """Move a retired device's jobs, or delete its queues when there are none any more.

        Repeatable: what a crash left, and what an index did not show yet, is found by the
        next sweep.
        """
        retirements = Retirements(self.dispatcher.lanes.fleet.table)
        if self.dispatcher.lanes.fleet.find(device.serial) is not None:
            # Registered again at the very moment it was retired: its queues are in use.
            retirements.forget(device.serial)
            return "device_is_back"
        windows = [window for lane in LANES for window in self._windows(device.serial, lane)]
        for window in windows:
            self._move_jobs(window, device.serial, may_go_on)
        if windows:
            return "device_drained"
        retirements.finish(device)
        return "device_queues_deleted"

    def move_to_pool(self, job: Job) -> Job | None:
        """The job, riding with its pool from now on; None when it has moved meanwhile."""
        lane = self.dispatcher.lanes.find(None, job.queue_tag, job.priority)
        if lane is None:
            return None
        rides = waiting(lane, job.user_id, job.job_id, job.priority)
        moved = self.store.move(job, device_serial=None, **rides)
        if moved is not None:
            self.dispatcher.dispatch(moved)
        return moved

    def _windows(self, serial: str, lane: str) -> Iterator[Item]:
        return self._table.query(lane_key(f"device/{serial}/{lane}"), prefix=user_key(""))

    def _move_jobs(self, window: Item, serial: str, may_go_on: Callable[[], bool]) -> None:
        lane_name, user_id = in_flight_of(window)
        sent = set(window.get("sent", ()))
        ids = sorted({*sent, *self.store.waiting(f"{lane_name}#{user_id}", _MOVED_AT_ONCE)})
        if not ids:
            self._table.delete(window["pk"], window["sk"])
        # One by one: an item that cannot be read must cost only itself.
        for job_id in ids:
            if not may_go_on():
                return
            with kept_apart("not_tended", "JobsNotTended", service="jobs", item=job_id) as attempt:
                job = self.store.find(user_id, job_id)
                if job is not None and _queued_for(job, serial):
                    self.move_to_pool(job)
            if attempt.failed:
                # It keeps its place: by that the next sweep finds it.
                sent.discard(job_id)
        self.dispatcher.release_slots(lane_name, user_id, sent)

    @property
    def _table(self) -> Table:
        return self.store.table


def _queued_for(job: Job, serial: str) -> bool:
    return job.status == "queued" and not job.ending and job.device_serial == serial
