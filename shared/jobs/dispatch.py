"""Sends each job to a device that is free for it, and each free device the job whose turn it is.

A job waits in DynamoDB until a device that may run it has its slot free; then one transaction
gives it the slot, and a message goes to that device's own queue. So no other device sees it,
and what is next is decided at the last moment: the high level before the normal one (but for
every fourth job of a device), users in turn, of one user the higher priority, then the older.

Two dispatchers at once meet in the conditions of the transaction: the job, the slot and the
line must be as they were read. A message that a crash kept from being sent is sent by
maintenance; one that comes twice finds its job taken (`shared.jobs.leases`).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock
from shared.aws import Queue, side_by_side
from shared.devices import Device, Fleet, Nudges, lane_of
from shared.errors import DependencyFailed
from shared.jobs.job import Job
from shared.jobs.lines import (
    LOOKED_AFTER_S,
    Line,
    Lines,
    in_turn,
    line_of,
    next_turn,
    rank_of,
    stored_rank,
    turn_taken,
)
from shared.jobs.retries import Retry, elsewhere_first
from shared.jobs.store import JobStore, SlotTaken, due, due_in_s
from shared.observability import logger

# A device that does not take what was sent to it is looked at after this time.
UNCLAIMED_S = 30
# Other dispatchers may be quicker; after so many losses it is left to them.
_RACES = 8
# The index may still list jobs that have left a line a moment ago.
_HEADS = 3
# So many devices are reminded of a job that backs off: some may be busy, or gone, by then.
_REMINDED = 3
# Each fourth job of a device is of the normal level first, so that it never starves.
_NORMAL_FIRST_EVERY = 4


@dataclass(frozen=True)
class Dispatcher:
    """Brings jobs and devices together."""

    store: JobStore
    fleet: Fleet
    lines: Lines
    nudges: Nudges

    def start(self, job: Job) -> Job:
        """Store a new job: at once for a free device, or waiting. The job as it is then.

        Stored before it is sent: what a crash keeps from its queue is sent by maintenance. The
        same id again (a call carried out again) changes nothing.
        """
        for device in self._free_for(job):
            sent = _replaced(job, self._given(device, job))
            try:
                new = self.store.create(sent)
            except SlotTaken:
                continue
            if not new:
                return self.store.get(job.user_id, job.job_id)
            self._try_to_send(sent, device)
            return sent
        self.lines.open(line_of(job))
        waits = _replaced(job, waiting(job))
        if not self.store.create(waits):
            return self.store.get(job.user_id, job.job_id)
        # A device may have become free between the look at it and the job's waiting.
        return self.place_if_possible(waits)

    def place(self, job: Job) -> Job:
        """Serve the devices that are free for a waiting job, until it is sent or none is left;
        the job as it is then.
        """
        if job.backs_off:
            return job
        for device in self._free_for(job):
            sent = self.serve(device, newcomer=job)
            if sent is not None and sent.job_id == job.job_id:
                return sent
        return job

    def place_if_possible(self, job: Job) -> Job:
        """`place`, where a failure leaves the job to later turns and to maintenance."""
        try:
            return self.place(job)
        except DependencyFailed:
            logger().warning("dispatch_missed", job_id=job.job_id)
            return job

    def serve(self, device: Device, newcomer: Job | None = None) -> Job | None:
        """Send a device, if it is free, what comes next; the job, or None.

        The index of waiting jobs may lag behind: the newcomer counts whether it is there or
        not.
        """
        for _ in range(_RACES):
            if not device.free:
                return None
            lines = self._lines_for(device)
            chosen = self._next(device, lines, newcomer)
            if chosen is None:
                return None
            line, job = chosen
            try:
                sent = self._hand_over(job, device, [turn_taken(line, next_turn(lines))])
            except SlotTaken:
                return None
            if sent is not None:
                return sent
        return None

    def serve_again(self, serial: str | None, *, well: bool = False) -> None:
        """Serve a device whose slot a job has just left; if that fails, its next report does.

        `well`: the job has succeeded there.
        """
        if serial is None:
            return
        try:
            device = self.fleet.find(serial)
            if device is not None and device.failing and well:
                self.fleet.health.well(serial)
                device = self.fleet.find(serial)
            if device is not None:
                self.serve(device)
        except DependencyFailed:
            logger().warning("dispatch_missed", device=serial)

    def heard(self, device: Device) -> None:
        """A device has said how it is: serve it if it is free, and take back what it was sent
        and cannot take. If that fails, its next report or maintenance does it.
        """
        try:
            if device.holds is not None and not device.takes_jobs:
                self.take_back(device)
            else:
                self.serve(device)
        except DependencyFailed:
            logger().warning("dispatch_missed", device=device.serial)

    def take_back(self, device: Device) -> None:
        """Have the job wait again that a device was sent and has not claimed."""
        if device.holds is None:
            return
        user_id = self.store.owner(device.holds)
        job = None if user_id is None else self.store.find(user_id, device.holds)
        if job is not None and job.status == "queued" and job.sent_to == device.serial:
            self.recall(job)

    def recall(self, job: Job) -> Job | None:
        """Take a job back from a device that has not claimed it, and have it wait again; None
        when it has moved meanwhile.
        """
        return self.wait(job)

    def wait(self, job: Job, *, also_if: Any = None, **changes: Any) -> Job | None:
        """Have a job wait for a device, again or elsewhere; None when it has moved meanwhile."""
        after = _replaced(job, changes)
        self.lines.open(line_of(after))
        waits = self.store.move(job, also_if=also_if, **changes, **waiting(after))
        return None if waits is None else self.place_if_possible(waits)

    def retry(self, job: Job, retry: Retry, *, also_if: Any, **changes: Any) -> Job | None:
        """Have a job wait for its next attempt, on another device first (decision 0047); None when
        it has moved meanwhile.
        """
        able = self.candidates(job)
        when = elsewhere_first(job, able, retry)
        waits = self.wait(job, also_if=also_if, **changes, **when)
        if waits is not None and waits.sent_to is None:
            self._remind(waits, able)
        return waits

    def _remind(self, job: Job, able: list[Device]) -> None:
        """Send messages that come when a job may be sent, to devices that may take it then: one
        that is free claims it, for the others it is gone. Without them the next report of a
        device, or maintenance, would find the job.
        """
        others = [each for each in able if each.serial not in job.avoids and each.takes_jobs]
        for device in _free_first(others)[:_REMINDED] or able[:1]:
            later_us = max(job.not_before_us, device.rests_until_us) - clock.now_us()
            self._try_to_send(job, device, delay_s=math.ceil(later_us / clock.SECOND_US))

    def unpin(self, device: Device) -> None:
        """Let the job that a device runs go on elsewhere, should it come back: it is no longer
        pinned.
        """
        user_id = None if device.holds is None else self.store.owner(device.holds)
        for _ in range(_RACES):
            job = None if user_id is None else self.store.find(user_id, device.holds or "")
            if job is None or job.device_serial != device.serial or job.finished:
                return
            if self.store.move(job, device_serial=None) is not None:
                return

    def send_again(self, job: Job, device: Device) -> None:
        """Send the message of a job once more to the device that was given it."""
        if self.store.move(job, **due_in_s(job.job_id, UNCLAIMED_S), sends=job.sends + 1):
            self._send(job, device)

    def has_lost_its_device(self, job: Job) -> bool:
        """Whether a job is pinned to a device that is not registered any more."""
        pinned = job.device_serial
        return pinned is not None and self.fleet.find(pinned) is None

    def candidates(self, job: Job) -> list[Device]:
        """The registered devices that may run a job, now or at another time."""
        named = job.device_serial
        devices = self.fleet.serving(job.queue_tag) if named is None else self.fleet.some([named])
        return suited(devices, job)

    def _free_for(self, job: Job) -> list[Device]:
        return _free(self.candidates(job), job)

    def _lines_for(self, device: Device) -> list[Line]:
        lines = [line for line in self.lines.all() if line.may_go_to(device)]
        if not device.models_unknown:
            return lines
        return [line for line in lines if self._has_no_other(line)]

    def _has_no_other(self, line: Line) -> bool:
        """Whether no device is known to serve a line's model: then one may that says nothing."""
        if line.device_serial is not None:
            return True
        others = self.fleet.serving(line.queue_tag)
        return not any(line.may_go_to(each) and not each.models_unknown for each in others)

    def _next(
        self, device: Device, lines: list[Line], newcomer: Job | None
    ) -> tuple[Line, Job] | None:
        normal_first = device.turns % _NORMAL_FIRST_EVERY == _NORMAL_FIRST_EVERY - 1
        for group in in_turn(lines, normal_first=normal_first):
            heads = list(self._heads(device.serial, group, newcomer))
            if heads:
                return min(heads, key=lambda head: rank_of(head[1]))
        return None

    def _heads(
        self, serial: str, group: list[Line], newcomer: Job | None
    ) -> Iterator[tuple[Line, Job]]:
        """The first job of each line of a group that the device may have now."""
        waiting_ids = side_by_side(lambda line: self.store.waiting(line.name, _HEADS), group)
        for line, ids in zip(group, waiting_ids, strict=True):
            jobs = self.store.find_many(line.user_id, ids)
            if newcomer is not None and newcomer.waits_in == line.name:
                jobs.append(newcomer)
            here = [job for job in jobs if job.waits_in == line.name and not job.expired]
            here = [job for job in here if job.may_go_to(serial)]
            if here:
                yield line, min(here, key=rank_of)

    def _hand_over(self, job: Job, device: Device, also: list[Any]) -> Job | None:
        sent = self.store.move(job, also=also, **self._given(device, job))
        if sent is not None:
            self._try_to_send(sent, device)
        return sent

    def _given(self, device: Device, job: Job) -> dict[str, Any]:
        return {
            "waits_in": None,
            "rank": None,
            "sent_to": device.serial,
            "sent_us": clock.now_us(),
            "sends": 1,
            **due_in_s(job.job_id, UNCLAIMED_S),
        }

    def _try_to_send(self, job: Job, device: Device, delay_s: int = 0) -> None:
        """Send; what cannot be sent now is sent by maintenance, as after a crash."""
        try:
            self._send(job, device, delay_s)
        except DependencyFailed:
            logger().warning("message_not_sent", job_id=job.job_id)

    def _send(self, job: Job, device: Device, delay_s: int = 0) -> None:
        message, lane = {"job_id": job.job_id, "attempt": job.attempt}, lane_of(job.priority)
        with self.nudges.during(device, lane, after_s=delay_s):
            Queue(device.queue_urls[lane]).send(message, delay_s=delay_s)


def suited(devices: Iterable[Device], job: Job) -> list[Device]:
    """Those of the devices that may run a job: who say that they serve its model or, where none
    does, who say nothing.
    """
    line = line_of(job)
    able = [device for device in devices if line.may_go_to(device)]
    sure = [device for device in able if not device.models_unknown]
    return sure or able


def _free(candidates: Iterable[Device], job: Job) -> list[Device]:
    """Those that are free, the one first that was for longest, and last where the job failed."""
    failed_on = job.attempts[-1].device if job.attempts else None
    free = [each for each in candidates if each.free and job.may_go_to(each.serial)]
    return sorted(free, key=lambda each: (each.serial == failed_on, each.held_us, each.serial))


def _free_first(devices: Iterable[Device]) -> list[Device]:
    return sorted(devices, key=lambda each: (each.holds is not None, each.held_us, each.serial))


def waiting(job: Job) -> dict[str, Any]:
    """The attributes of a job that waits: where, in which order, looked after when."""
    return {
        "waits_in": line_of(job).name,
        "rank": stored_rank(job),
        "sent_to": None,
        "sent_us": None,
        "sends": 0,
        **due(job.job_id, _looked_after_us(job)),
    }


def _looked_after_us(job: Job) -> int:
    """When maintenance looks after a waiting job: then, when it may be sent, or when it expires."""
    usual = clock.now_us() + round(LOOKED_AFTER_S * clock.SECOND_US)
    next_us = min(usual, job.not_before_us) if job.backs_off else usual
    return next_us if job.expires_us is None else min(next_us, job.expires_us)


def _replaced(job: Job, changes: dict[str, Any]) -> Job:
    known = {name: value for name, value in changes.items() if name in Job.__struct_fields__}
    return msgspec.structs.replace(job, **known)
