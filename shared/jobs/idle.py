"""Devices that are free while jobs wait for them, and slots whose job has ended.

Reports, claims and ends serve devices at once; this finds what they missed, each minute, and
measures how long jobs wait.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared import clock, ids
from shared.aws import ConditionFailed, TransactionLost
from shared.clock import SECOND_US
from shared.devices import Device, slot_freed
from shared.isolation import kept_apart
from shared.jobs.dispatch import Dispatcher
from shared.jobs.lines import Line
from shared.jobs.store import JobStore
from shared.observability import gauge_s
from shared.turns import MayGoOn

# A slot is written together with its job, and a report may be as old as the last 20 s.
_SURELY_ENDED_S = 60


@dataclass(frozen=True)
class IdleDevices:
    """Free devices, and those that only seem to be busy."""

    store: JobStore
    dispatcher: Dispatcher

    def serve(self, may_go_on: MayGoOn) -> Counter[str]:
        """Serve every free device that a line may go to, while there is time; what was done."""
        done: Counter[str] = Counter()
        devices = self.dispatcher.fleet.all()
        self._free_slots(devices, done)
        lines = self._used_lines(may_go_on, done)
        for device in devices:
            if device.free and any(line.may_go_to(device) for line in lines) and may_go_on():
                with kept_apart("not_tended", "JobsNotTended", service="jobs", item=device.serial):
                    done["device_served"] += self.dispatcher.serve(device) is not None
        return +done

    def _free_slots(self, devices: Sequence[Device], done: Counter[str]) -> None:
        """Free the slots of jobs that are gone, as after an account was erased."""
        held = [device for device in devices if device.holds and _seems_idle(device)]
        owners = self.store.owners(device.holds for device in held if device.holds)
        jobs = self.store.some((user, job_id) for job_id, user in owners.items())
        here = {(job.job_id, job.sent_to) for job in jobs}
        for device in held:
            if device.holds and (device.holds, device.serial) not in here:
                with kept_apart("not_tended", "JobsNotTended", service="jobs", item=device.serial):
                    self._free_slot(device.serial, device.holds)
                    done["slot_freed"] += 1

    def _free_slot(self, serial: str, job_id: str) -> None:
        try:
            self.dispatcher.fleet.table.update(slot_freed(serial, job_id))
        except ConditionFailed:
            return
        self.dispatcher.serve_again(serial)

    def _used_lines(self, may_go_on: MayGoOn, done: Counter[str]) -> list[Line]:
        """The lines in which jobs wait; those that are empty for long are struck off."""
        used, longest_s = [], 0.0
        for line in self.dispatcher.lines.all():
            heads = self.store.waiting(line.name, 1) if may_go_on() else ["?"]
            if heads:
                used.append(line)
                longest_s = max(longest_s, *map(_waits_s, heads))
            elif line.idle:
                done["line_struck"] += self._strike(line)
        gauge_s("LongestWait", longest_s, service="jobs")
        return used

    def _strike(self, line: Line) -> bool:
        try:
            self.dispatcher.lines.strike(line)
        except TransactionLost:
            return False
        return True


def _seems_idle(device: Device) -> bool:
    return not device.using and clock.now_us() - device.held_us > _SURELY_ENDED_S * SECOND_US


def _waits_s(job_id: str) -> float:
    """How long ago a job was submitted, by its id."""
    try:
        made_us = ids.ulid_time_us(job_id.removeprefix("job_"))
    except ValueError:
        return 0.0
    return (clock.now_us() - made_us) / SECOND_US
