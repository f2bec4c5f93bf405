"""Which queue a job rides on, and how many of a user's messages wait there at a time.

A job's message is sent only while fewer than a window of the user's messages wait
unclaimed in that lane; the user's other jobs wait in DynamoDB, in order of priority
and age. So nobody's flood stands before another's single job, and priority is exact
among what still waits. The places taken are a set of job ids in one item per lane and
user, so that taking and giving back can be repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.aws import ConditionFailed, Item, Queue, Table, Update
from shared.devices import Device, Fleet, PoolQueues, lane_of
from shared.jobs.job import Job
from shared.jobs.store import NOT_DUE, JobStore, due, due_in_s

WINDOW_PER_DEVICE = 4
# Enough to fill what one claim frees; whatever is left is fed by the next claim.
_FED_AT_ONCE = 10
# Sent again a day before SQS forgets the message.
_MESSAGE_LIVES_S = 13 * 86_400
_MISSED_FEED_S = 60


@dataclass(frozen=True)
class Lane:
    """One queue: its name in our items, its URL, and how many devices serve it."""

    name: str
    url: str
    devices: int

    @property
    def window(self) -> int:
        """How many of one user's messages may wait here."""
        return WINDOW_PER_DEVICE * max(1, self.devices)

    def waits_in(self, user_id: str) -> str:
        """Where a user's jobs for this lane wait."""
        return f"{self.name}#{user_id}"


@dataclass(frozen=True)
class Lanes:
    """The lanes and who may send into them."""

    store: JobStore
    fleet: Fleet
    pools: PoolQueues

    def lane(self, job: Job) -> Lane | None:
        """The lane of a job; None when its device or its pool is gone."""
        return self.find(job.device_serial, job.queue_tag, job.priority)

    def find(self, device_serial: str | None, queue_tag: str, priority: int) -> Lane | None:
        """The lane for a device or, without one, for a pool."""
        level = lane_of(priority)
        if device_serial is not None:
            device = self.fleet.find(device_serial)
            return None if device is None else _device_lane(device, level)
        if queue_tag not in self.pools.urls:
            return None
        return _pool_lane(self.pools, queue_tag, level, len(self.fleet.members(queue_tag)))

    def candidates(self, device_serial: str | None, queue_tag: str) -> list[Device]:
        """The devices that look into the lanes of a device or, without one, of a pool."""
        if device_serial is not None:
            return self.fleet.some([device_serial])
        return self.fleet.serving(queue_tag)

    def feed(self, job: Job) -> None:
        """Send what may be sent of the job's user in the job's lane, the job itself not forgotten.

        The index of waiting jobs may lag behind; the job that was just stored counts
        whether it is there yet or not.
        """
        lane = self.lane(job)
        if lane is None:
            return
        for candidate in self._next_jobs(lane, job):
            if not self._take_place(lane, candidate):
                return
            self._send(lane, candidate)

    def leave(self, job: Job) -> None:
        """Give a job's place back, and send whatever may follow."""
        lane = self.lane(job)
        if lane is not None:
            self.give_back(lane.name, job.user_id, {job.job_id})
            self.feed(job)

    def tend(self, window: Item) -> None:
        """Repair a window for maintenance: free places of jobs that need none, then send."""
        user_id = window["sk"].removeprefix("USER#")
        lane_name = window["pk"].removeprefix("WINDOW#")
        held = set(window.get("sent", ()))
        queued = {
            job.job_id
            for job in self.store.find_many(user_id, sorted(held))
            if job.status == "queued"
        }
        idle = held - queued
        if idle:
            self.give_back(lane_name, user_id, idle)
        waiting = self.store.waiting(f"{lane_name}#{user_id}", 1)
        if not waiting:
            self._table.update(Update(window["pk"], window["sk"], remove=tuple(NOT_DUE)))
            return
        again = due_in_s(window["sk"], _MISSED_FEED_S)
        self._table.update(Update(window["pk"], window["sk"], set=again))
        job = self.store.find(user_id, waiting[0])
        if job is not None:
            self.feed(job)

    def watch(self, job: Job) -> None:
        """Have maintenance look after the window that a job waits for."""
        lane = self.lane(job)
        if lane is not None:
            sk = f"USER#{job.user_id}"
            self._table.update(Update(f"WINDOW#{lane.name}", sk, set=due(sk, clock.now_us())))

    def servers(self, jobs: Iterable[Job]) -> "Servers":
        """Who serves the lanes of some jobs: a call or two, whatever their number."""
        waiting = list(jobs)
        pinned = {job.device_serial for job in waiting if job.device_serial is not None}
        members = self.fleet.pools({job.queue_tag for job in waiting if job.device_serial is None})
        devices = self.fleet.some(pinned.union(*members.values()))
        return Servers({device.serial: device for device in devices}, members, self.pools)

    def messages(self, url: str) -> int:
        """How many messages wait in a lane's queue, as SQS says (approximately)."""
        said = Queue(url).attributes("ApproximateNumberOfMessages")
        return int(said.get("ApproximateNumberOfMessages", 0))

    def _next_jobs(self, lane: Lane, newcomer: Job) -> list[Job]:
        ids = self.store.waiting(lane.waits_in(newcomer.user_id), _FED_AT_ONCE)
        found = self.store.find_many(newcomer.user_id, [*ids, newcomer.job_id])
        waiting = [job for job in found if job.waits_in is not None]
        return sorted(waiting, key=lambda job: job.rank or "")

    def _take_place(self, lane: Lane, job: Job) -> bool:
        """Take a place in the window; also True when the job has one."""
        try:
            self._table.update(
                Update(
                    f"WINDOW#{lane.name}",
                    f"USER#{job.user_id}",
                    add={"sent": {job.job_id}},
                    extra_condition=(
                        "attribute_not_exists(#sent) OR size(#sent) < :window"
                        " OR contains(#sent, :job_id)"
                    ),
                    names={"#sent": "sent"},
                    values={":window": lane.window, ":job_id": job.job_id},
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

    def give_back(self, lane_name: str, user_id: str, job_ids: set[str]) -> None:
        """Free the places that jobs hold in a user's window."""
        if not job_ids:
            return
        key = (f"WINDOW#{lane_name}", f"USER#{user_id}")
        try:
            self._table.update(Update(*key, discard={"sent": job_ids}, must_exist=True))
        except ConditionFailed:
            return

    @property
    def _table(self) -> Table:
        return self.store.table


@dataclass(frozen=True)
class Servers:
    """Devices and pools as they were read for some jobs at once."""

    devices: Mapping[str, Device]
    members: Mapping[str, set[str]]
    pools: PoolQueues

    def lane(self, job: Job) -> Lane | None:
        """As `Lanes.lane`."""
        level = lane_of(job.priority)
        if job.device_serial is not None:
            device = self.devices.get(job.device_serial)
            return None if device is None else _device_lane(device, level)
        if job.queue_tag not in self.pools.urls:
            return None
        return _pool_lane(self.pools, job.queue_tag, level, len(self.members[job.queue_tag]))

    def candidates(self, device_serial: str | None, queue_tag: str) -> list[Device]:
        """As `Lanes.candidates`."""
        serials = self.members[queue_tag] if device_serial is None else {device_serial}
        return [self.devices[serial] for serial in sorted(serials) if serial in self.devices]


def _device_lane(device: Device, level: str) -> Lane:
    return Lane(f"device/{device.serial}/{level}", device.queue_urls[level], 1)


def _pool_lane(pools: PoolQueues, tag: str, level: str, devices: int) -> Lane:
    return Lane(f"pool/{tag}/{level}", pools.urls[tag][level], devices)


def waiting(lane: Lane, user_id: str, job_id: str, priority: int) -> dict[str, Any]:
    """The attributes of a job that waits to be sent: where, in which order, looked after when."""
    return {
        "waits_in": lane.waits_in(user_id),
        "rank": f"{9 - priority}#{job_id}",
        **due_in_s(job_id, _MISSED_FEED_S),
    }
