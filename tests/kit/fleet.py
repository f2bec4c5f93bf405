"""A fleet in virtual time: devices that pull, reboot, overheat, break down and try themselves, and
model servers without time, over the real dispatch.

Tables and bucket are in memory. SQS is played here, as its visibility must follow the clock:
messages come late, sometimes twice, and come back when their device dies with them.
"""

import heapq
import json
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.aws import Queue
from shared.clock import SECOND_US
from shared.devices import Nudges, Registration, Telemetry
from shared.errors import EvalyardError
from shared.jobs import ClaimedJob, Failure, Job, JobRequest, Jobs, Result, Speaker, Submitter
from shared.turns import TimeLeft
from tests.kit.faults import Calls, Request, watched_calls
from tests.kit.memory import MemoryBucket, MemoryTable

REPORT_S, BEAT_S, VISIBILITY_S, SWEEP_S = 20.0, 10.0, 60.0, 60.0
# A runner looks at one queue for a second, then at the other.
_POLL_S = 1.0
_DOUBLED = 0.02
_REBOOT_S = 66.0
_FIRST_TRIAL_S, _LONGEST_TRIAL_S = 60.0, 900.0


@dataclass
class SimDevice:
    """One device: what it serves, what it runs, what is in its queues."""

    serial: str
    models: list[str]
    inbox: deque[str] = field(default_factory=deque)
    up: bool = True
    hot: bool = False
    broken: bool = False
    server_away: bool = False
    says_away: bool = False
    on_trial: bool = False
    job_id: str | None = None
    life: int = 0
    free_since: float = 0.0

    @property
    def able(self) -> bool:
        """Whether it would take a job now."""
        return self.ready and self.job_id is None

    @property
    def ready(self) -> bool:
        """Whether it says that it can take a job, when it is asked."""
        return self.up and not (self.hot or self.says_away)


@dataclass
class SimFleet:
    """Devices, users, and what became of their jobs; `now` is in seconds."""

    clock: Any
    dice: random.Random
    now: float = 0.0
    devices: dict[str, SimDevice] = field(default_factory=dict)
    succeeded: Counter[str] = field(default_factory=Counter)
    dead: dict[str, str] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    failed_on: dict[str, list[str]] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, JobRequest] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    out_of_order: list[str] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self._began_us = self.clock.now_us
        devices = MemoryTable("devices")
        self.jobs = Jobs(
            MemoryTable("jobs", {"devices": devices}),
            devices,
            MemoryBucket("data"),
            ("default",),
            Queue("sim/callbacks"),
            Nudges("sim", ""),
            body_days=400,
        )
        catalog = MemoryTable("catalog")
        self._leases = self.jobs.leases(catalog)
        self._submissions = self.jobs.submissions(
            catalog, allow_private_callbacks=True, max_open_jobs=0
        )

    def add(self, serial: str, models: list[str]) -> None:
        """Register a device, which reports from now on."""
        device = self.devices[serial] = SimDevice(serial, models)
        urls = {lane: f"sim/{serial}/{lane}" for lane in ("high", "normal")}
        self.jobs.fleet.register(Registration(serial=serial, models=tuple(models)), urls)
        self.after(self.dice.uniform(0, 1), lambda: self._report(device, device.life))

    def submit(self, user: str, *, bad: bool = False, **fields: Any) -> None:
        """A user asks for a job; for a bad one no model has an answer."""
        self._number += 1
        job_id = f"job_{self._number:026d}"
        self.bad |= {job_id} if bad else set()
        self.wanted[job_id] = JobRequest(prompt="?", max_attempts=10, **fields)
        self.users[job_id] = user
        self.waiting.add(job_id)
        who = Submitter(user, user, False, "https://x")
        self._submissions.submit(who, self.wanted[job_id], job_id, self.clock.now_us)

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Have something happen later."""
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, do))

    def run(self, until: Callable[[], bool], at_most_s: float) -> None:
        """Let time pass, from event to event."""
        self.after(SWEEP_S, self._sweep)
        with watched_calls(_Sqs(self)):
            while self._events and self.now < at_most_s and not until():
                at, _, do = heapq.heappop(self._events)
                self.now = max(self.now, at)
                self.clock.now_us = self._began_us + round(self.now * SECOND_US)
                do()

    def all_done(self) -> bool:
        """Whether every job that was submitted has come to its end."""
        return len(self.succeeded) + len(self.dead) == len(self.wanted)

    def reboot(self, device: SimDevice) -> None:
        """A device dies with what it does, and is back after a while."""
        device.up, device.life = False, device.life + 1
        if device.job_id is not None:
            self.running.pop(device.job_id, None)
            device.job_id = None
        self.after(_REBOOT_S, lambda: self._boot(device))

    def overheat(self, device: SimDevice, seconds: float) -> None:
        """A device says that it takes no jobs for a while."""
        device.hot = True
        self._say(device)
        self.after(seconds, lambda: self._cool(device))

    def break_down(self, device: SimDevice, seconds: float) -> None:
        """A device fails whatever it is given for a while."""
        device.broken = True
        self.after(seconds, lambda: setattr(device, "broken", False))

    def occupy(self, device: SimDevice, seconds: float) -> None:
        """A device's model server says for a while that it has no time; its health is good."""
        device.server_away = True
        self.after(seconds, lambda: self._has_time(device))

    def deliver(self, url: str, body: str, late_s: float) -> None:
        """A message comes into a queue, now and then twice; or only a reminder, later."""
        device = self.devices[url.split("/")[1]]
        job_id = json.loads(body)["job_id"]
        if late_s:
            self.after(late_s, lambda: self._remind(device, job_id))
            return
        self._note_sent(job_id, device)
        for _ in range(2 if self.dice.random() < _DOUBLED else 1):
            device.inbox.append(job_id)
            self.after(self.dice.uniform(0.05, _POLL_S), lambda: self._pull(device))

    def _remind(self, device: SimDevice, job_id: str) -> None:
        device.inbox.append(job_id)
        self.after(self.dice.uniform(0.05, _POLL_S), lambda: self._pull(device))

    def _note_sent(self, job_id: str, device: SimDevice) -> None:
        """To a device of the model; and by priority, then age: of the same user and model, none
        that waits goes before.
        """
        model = self.wanted[job_id].model
        assert model in device.models, f"{job_id} was sent to a device of other models"
        self.waiting.discard(job_id)
        others = [each for each in self.waiting if self._same_line(each, job_id)]
        first = min([job_id, *others], key=self._rank)
        if first != job_id and job_id not in self.sent:
            self.out_of_order.append(job_id)
        self.sent.append(job_id)

    def _same_line(self, one: str, other: str) -> bool:
        mine, its = self.wanted[one], self.wanted[other]
        same_level = (mine.priority >= 5) == (its.priority >= 5)
        return self.users[one] == self.users[other] and mine.model == its.model and same_level

    def _rank(self, job_id: str) -> tuple[int, str]:
        return -self.wanted[job_id].priority, job_id

    def _boot(self, device: SimDevice) -> None:
        device.up, device.free_since, device.on_trial = True, self.now, False
        self._report(device, device.life)
        self._pull(device)

    def _cool(self, device: SimDevice) -> None:
        device.hot, device.free_since = False, self.now
        if device.up:
            self._say(device)
            self._pull(device)

    def _report(self, device: SimDevice, life: int) -> None:
        if device.up and device.life == life:
            self._say(device)
            self.after(REPORT_S, lambda: self._report(device, life))

    def _say(self, device: SimDevice) -> None:
        if not device.up:
            return
        fleet = self.jobs.fleet
        said = {"reported_ready": device.ready, "reported_models": device.models}
        fleet.report(device.serial, said, Telemetry(at_us=self.clock.now_us))
        now = fleet.get(device.serial)
        self.jobs.dispatcher.heard(now)
        if now.unhealthy and not device.on_trial:
            device.on_trial = True
            self.after(_FIRST_TRIAL_S, lambda: self._try(device, device.life, _FIRST_TRIAL_S))

    def _try(self, device: SimDevice, life: int, waited_s: float) -> None:
        """An unhealthy device tries itself, as its runner does."""
        if device.life != life:
            return
        self.jobs.fleet.health.tried(device.serial, passed=not device.broken)
        if device.broken:
            later_s = min(2 * waited_s, _LONGEST_TRIAL_S)
            self.after(later_s, lambda: self._try(device, life, later_s))
            return
        device.on_trial, device.free_since = False, self.now
        self._say(device)

    def _has_time(self, device: SimDevice) -> None:
        device.server_away = False
        if device.says_away:
            device.says_away, device.free_since = False, self.now
            self._say(device)
            self._pull(device)

    def _pull(self, device: SimDevice) -> None:
        if not device.able or not device.inbox:
            return
        job_id = device.inbox.popleft()
        attempts: list[int] = []

        def note(claimed: ClaimedJob) -> bytes:
            attempts.append(claimed.job.attempt)
            return b""

        try:
            self._leases.claim(device.serial, job_id, note)
        except EvalyardError:
            # Gone, or another's: the message is deleted.
            self._pull(device)
            return
        self._begin(device, job_id, attempts[-1])

    def _begin(self, device: SimDevice, job_id: str, attempt: int) -> None:
        assert job_id not in self.running, f"{job_id} runs twice"
        self.waiting.discard(job_id)
        since = max(device.free_since, self._may_run_from(job_id, device))
        self.waits.append(self.now - since)
        self.running[job_id], device.job_id = device.serial, job_id
        life = device.life
        self.after(BEAT_S, lambda: self._beat(device, job_id, attempt, life))
        code = self._fault_of(device, job_id)
        if code is None:
            lasts_s = self.dice.uniform(2, 20)
            self.after(lasts_s, lambda: self._complete(device, job_id, attempt, life))
        else:
            self.after(0.5, lambda: self._fail(device, job_id, attempt, life, code))

    def _fault_of(self, device: SimDevice, job_id: str) -> str | None:
        """As what the attempt will fail."""
        if device.server_away:
            return "server_unavailable"
        if device.broken:
            return "runtime_crash"
        return "invalid_argument" if job_id in self.bad else None

    def _may_run_from(self, job_id: str, device: SimDevice) -> float:
        """Since when the job may run on the device, as far as it is up to the job."""
        job = self.jobs.store.get(self.users[job_id], job_id)
        avoided_us = job.avoids_until_us if device.serial in job.avoids else 0
        since_us = max(job.queued_us, job.not_before_us, avoided_us)
        return (since_us - self._began_us) / SECOND_US

    def _fail(self, device: SimDevice, job_id: str, attempt: int, life: int, code: str) -> None:
        if device.life != life:
            self.after(VISIBILITY_S, lambda: device.inbox.append(job_id))
            return
        del self.running[job_id]
        device.job_id, device.free_since = None, self.now
        failure = Failure(code=code, message="?", retryable=True, device=device.serial)
        wait_s = 5.0 if code == "server_unavailable" else None
        job = self._leases.fail(Speaker(device.serial, attempt), job_id, failure, wait_s)
        self._note_failure(job, device, code)
        self._say(device)
        self._pull(device)

    def _note_failure(self, job: Job, device: SimDevice, code: str) -> None:
        if job.status == "dead":
            self.dead[job.job_id] = code
        if code == "server_unavailable":
            device.says_away = device.server_away
        else:
            self.failed_on.setdefault(job.job_id, []).append(device.serial)

    def _beat(self, device: SimDevice, job_id: str, attempt: int, life: int) -> None:
        if device.life == life and device.job_id == job_id:
            self._leases.heartbeat(Speaker(device.serial, attempt), job_id)
            self.after(BEAT_S, lambda: self._beat(device, job_id, attempt, life))

    def _complete(self, device: SimDevice, job_id: str, attempt: int, life: int) -> None:
        if device.life != life:
            # A message that is not extended comes back.
            self.after(VISIBILITY_S, lambda: device.inbox.append(job_id))
            return
        del self.running[job_id]
        device.job_id, device.free_since = None, self.now
        result = Result(output="x", metrics={"latency_ms": 1.0})
        job = self._leases.complete(Speaker(device.serial, attempt), job_id, result)
        assert job.status == "succeeded"
        self.succeeded[job_id] += 1
        self._pull(device)

    def _sweep(self) -> None:
        self.jobs.maintenance.sweep(TimeLeft(lambda: 60_000, 0))
        self.after(SWEEP_S, self._sweep)


class _Sqs(Calls):
    """Takes what is sent to devices; all other calls are moto's."""

    def __init__(self, fleet: SimFleet) -> None:
        super().__init__()
        self._fleet = fleet

    def made(self, request: Request, call: Callable[[], Any]) -> Any:
        if request.operation == "SendMessage":
            said = request.params
            late_s = float(said.get("DelaySeconds", 0))
            self._fleet.deliver(said["QueueUrl"], said["MessageBody"], late_s)
            return {"MessageId": "m"}
        return call()
