"""Sends the messages of jobs, at most so many of one user's into a lane at a time.

A job's message is sent only while fewer of the user's messages than the in-flight limit wait
unclaimed in that lane; the user's other jobs wait in DynamoDB, in order of priority and age.
So no user's flood delays another's single job, and priority is exact among what still waits.
The slots in use are a set of job ids in one item per lane and user, so that taking and
releasing can be repeated.
"""

from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.aws import ConditionFailed, Item, Queue, Table, Update
from shared.devices import RETENTION_S
from shared.jobs.job import Job
from shared.jobs.keys import in_flight_key, in_flight_of
from shared.jobs.lanes import Lane, Lanes
from shared.jobs.store import NOT_DUE, JobStore, due, due_in_s

# Enough to fill what one claim frees; the next claim dispatches the rest.
_SENT_AT_ONCE = 10
# Sent again a day before SQS forgets the message.
_MESSAGE_LIVES_S = RETENTION_S - 86_400
_MISSED_DISPATCH_S = 60


@dataclass(frozen=True)
class Dispatcher:
    """Sends jobs into their lanes within the in-flight limit."""

    store: JobStore
    lanes: Lanes

    def dispatch(self, job: Job) -> None:
        """Send what may be sent of the job's user in the job's lane, the job itself included.

        The index of waiting jobs may lag behind; the job that was just stored counts
        whether it is there yet or not.
        """
        lane = self.lanes.lane(job)
        if lane is None:
            return
        for candidate in self._next_jobs(lane, job):
            if not self._take_slot(lane, candidate):
                return
            self._send(lane, candidate)

    def release_slot(self, job: Job) -> None:
        """Release a job's slot, and send what may follow."""
        lane = self.lanes.lane(job)
        if lane is not None:
            self.release_slots(lane.name, job.user_id, {job.job_id})
            self.dispatch(job)

    def repair(self, slots: Item) -> None:
        """Repair a user's slots in a lane, for maintenance: release those of jobs that need
        none, then send.
        """
        lane_name, user_id = in_flight_of(slots)
        held = set(slots.get("sent", ()))
        queued = {
            job.job_id
            for job in self.store.find_many(user_id, sorted(held))
            if job.status == "queued"
        }
        idle = held - queued
        if idle:
            self.release_slots(lane_name, user_id, idle)
        waiting = self.store.waiting(f"{lane_name}#{user_id}", 1)
        if not waiting:
            self._table.update(Update(slots["pk"], slots["sk"], remove=tuple(NOT_DUE)))
            return
        again = due_in_s(slots["sk"], _MISSED_DISPATCH_S)
        self._table.update(Update(slots["pk"], slots["sk"], set=again))
        job = self.store.find(user_id, waiting[0])
        if job is not None:
            self.dispatch(job)

    def watch(self, job: Job) -> None:
        """Have maintenance repair the slots that a job waits for."""
        lane = self.lanes.lane(job)
        if lane is not None:
            pk, sk = in_flight_key(lane.name, job.user_id)
            self._table.update(Update(pk, sk, set=due(sk, clock.now_us())))

    def _next_jobs(self, lane: Lane, newcomer: Job) -> list[Job]:
        ids = self.store.waiting(lane.waits_in(newcomer.user_id), _SENT_AT_ONCE)
        found = self.store.find_many(newcomer.user_id, [*ids, newcomer.job_id])
        waiting = [job for job in found if job.waits_in is not None]
        return sorted(waiting, key=lambda job: job.rank or "")

    def _take_slot(self, lane: Lane, job: Job) -> bool:
        """Take a slot; also True when the job has one."""
        try:
            self._table.update(
                Update(
                    *in_flight_key(lane.name, job.user_id),
                    add={"sent": {job.job_id}},
                    extra_condition=(
                        "attribute_not_exists(#sent) OR size(#sent) < :limit"
                        " OR contains(#sent, :job_id)"
                    ),
                    names={"#sent": "sent"},
                    values={":limit": lane.in_flight_limit, ":job_id": job.job_id},
                )
            )
        except ConditionFailed:
            return False
        return True

    def _send(self, lane: Lane, job: Job) -> None:
        """Send, then note that it was sent: a crash between sends twice, which claims sort out."""
        message = {"job_id": job.job_id, "user_id": job.user_id, "attempt": job.attempt}
        Queue(lane.url).send(message, group=job.user_id)
        sent = {"waits_in": None, "rank": None, **due_in_s(job.job_id, _MESSAGE_LIVES_S)}
        self.store.move(job, also_if={"waits_in": job.waits_in}, **sent)

    def release_slots(self, lane_name: str, user_id: str, job_ids: set[str]) -> None:
        """Release the slots that jobs hold in a lane."""
        if not job_ids:
            return
        key = in_flight_key(lane_name, user_id)
        try:
            self._table.update(Update(*key, discard={"sent": job_ids}, must_exist=True))
        except ConditionFailed:
            return

    @property
    def _table(self) -> Table:
        return self.store.table


def waiting(lane: Lane, user_id: str, job_id: str, priority: int) -> dict[str, Any]:
    """The attributes of a job that waits to be sent: where, in which order, looked after when."""
    return {
        "waits_in": lane.waits_in(user_id),
        "rank": f"{9 - priority}#{job_id}",
        **due_in_s(job_id, _MISSED_DISPATCH_S),
    }
