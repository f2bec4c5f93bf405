"""Which queue a job goes to: the lanes of devices and pools, and who serves them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.aws import Queue
from shared.devices import Device, Fleet, PoolQueues, lane_of
from shared.jobs.job import Job

IN_FLIGHT_PER_DEVICE = 4


@dataclass(frozen=True)
class Lane:
    """One queue: its name in our items, its URL, and how many devices serve it."""

    name: str
    url: str
    devices: int

    @property
    def in_flight_limit(self) -> int:
        """How many of one user's messages may wait here."""
        return IN_FLIGHT_PER_DEVICE * max(1, self.devices)

    def waits_in(self, user_id: str) -> str:
        """Where a user's jobs for this lane wait."""
        return f"{self.name}#{user_id}"


@dataclass(frozen=True)
class Lanes:
    """The lanes of all devices and pools."""

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
