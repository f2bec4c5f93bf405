"""What must come true even when every message, event and call in between was lost.

Each unfinished job carries the moment by which maintenance must look at it (`due_at`). One
sweep reads those whose moment has passed, and goes on where the last one ran out of time
(`shared.rounds`); and it serves the devices that are free while jobs wait for them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from shared import clock
from shared.devices import Retirements
from shared.errors import Unavailable
from shared.isolation import carry_out_all, kept_apart
from shared.jobs.dispatch import Dispatcher
from shared.jobs.draining import Draining
from shared.jobs.finalization import Finalization
from shared.jobs.idle import IdleDevices
from shared.jobs.job import TIMEOUT_GRACE_S, Job
from shared.jobs.recount import Recount
from shared.jobs.store import DUE_SHARDS, NOT_DUE, DueKey, JobStore, due, job_of
from shared.jobs.windows import Windows
from shared.rounds import Position, Round
from shared.turns import MayGoOn, TimeLeft

# Sweeps come every minute; more than ten for one round, and something waits too long.
_LATE_S = 600
# Between the parts of a name in a round: in none of them.
_JOINT = "\x1f"
# So often a message is sent to a device that is ready and does not claim it.
_SENDS = 2


@dataclass(frozen=True)
class Maintenance:
    """Looks after jobs that are due, and devices that are free while jobs wait for them."""

    store: JobStore
    dispatcher: Dispatcher
    finalization: Finalization
    draining: Draining

    def sweep(self, time_left: TimeLeft) -> Counter[str]:
        """Look after everything that is due, while there is time; how often what was done.

        Raises StepsFailed in the end when what is due, retired, or to be counted could not be
        listed.
        """
        done: Counter[str] = Counter()
        carry_out_all(
            {
                "due": lambda: self._sweep_due(done, time_left.share(2)),
                "windows": lambda: self._move_windows(done, time_left.share(2)),
                "idle": lambda: self._serve_idle(done, time_left.share(2)),
                "counts": lambda: self._recount(done, time_left.share(2)),
                "retired": lambda: self._sweep_retired(done, time_left),
            }
        )
        return done

    def _sweep_due(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        going_round = Round(self.store.table, "due", _LATE_S)
        for name in going_round.walk(self._due_behind, may_go_on):
            key = DueKey(*name.split(_JOINT, 3))
            done[_safely(partial(self._repair, key), key.sk)] += 1
        return done.total()

    def _due_behind(self, place: Position) -> Iterator[str]:
        """What is due behind a place, shard by shard; what came after the round began waits
        for the next one, so that what failed has its turn again.
        """
        shard, due_at, *_ = [*place.after.split(_JOINT), ""]
        shards = DUE_SHARDS[DUE_SHARDS.index(shard) :] if shard in DUE_SHARDS else DUE_SHARDS
        for each in shards:
            after = due_at if each == shard else ""
            yield from map(_JOINT.join, self.store.due(each, after, place.began_us))

    def _recount(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        counted = Recount(self.store).go_on(may_go_on)
        done.update([counted] if counted else ())
        return done.total()

    def _serve_idle(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        done.update(IdleDevices(self.store, self.dispatcher).serve(may_go_on))
        return done.total()

    def _move_windows(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        done.update(Windows(self.store, self.dispatcher).move(may_go_on))
        return done.total()

    def _sweep_retired(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        retirements = Retirements(self.dispatcher.fleet.table)
        going_round = Round(self.store.table, "retired", _LATE_S)
        for serial in going_round.walk(lambda place: retirements.serials(place.after), may_go_on):
            drain = partial(self._drain, retirements, serial, may_go_on)
            done[_safely(drain, serial)] += 1
        return done.total()

    def _drain(self, retirements: Retirements, serial: str, may_go_on: MayGoOn) -> str:
        device = retirements.find(serial)
        return "device_gone" if device is None else self.draining.drain(device, may_go_on)

    def _repair(self, key: DueKey) -> str:
        item = self.store.due_item(key)
        if item is None:
            return "not_due_any_more"
        return self._repair_job(job_of(item))

    def _repair_job(self, job: Job) -> str:
        if job.status == "removed":
            self.store.clear_away(job)
            return "removal_finished"
        if job.ending:
            self.finalization.settle(job)
            return "ending_carried_out"
        if job.finished:
            return self._announce(job)
        return self._look_after(job) if job.status == "queued" else self._check_lease(job)

    def _announce(self, job: Job) -> str:
        self.finalization.announcer.announce(job)
        if not job.callback_owed:
            self.store.move(job, **NOT_DUE)
        return "callback_queued"

    def _look_after(self, job: Job) -> str:
        """A job that waits for a device, or that a device was given and has not claimed."""
        if job.expired:
            self.finalization.expire(job)
            return "job_expired"
        if job.sent_to is not None:
            return self._look_after_sent(job, job.sent_to)
        if self.dispatcher.has_lost_its_device(job):
            self.finalization.let_go(job)
            return "job_let_go"
        self.dispatcher.wait(job)
        return "job_waits"

    def _look_after_sent(self, job: Job, serial: str) -> str:
        device = self.dispatcher.fleet.find(serial)
        if device is None or not device.takes_jobs or job.sends >= _SENDS:
            self.dispatcher.recall(job)
            return "job_recalled"
        self.dispatcher.send_again(job, device)
        return "message_sent"

    def _check_lease(self, job: Job) -> str:
        if job.lease_live and not job.overdue:
            self.store.move(job, **due(job.job_id, _next_look(job)))
            return "lease_live"
        self.finalization.lapse(job)
        return "attempt_lapsed"


def _safely(work: Callable[[], str], name: str) -> str:
    """What became of one thing; what fails now is looked after again in the next round."""
    with kept_apart("not_tended", "JobsNotTended", service="jobs", item=name):
        try:
            return work()
        except Unavailable as exc:
            return f"failed_{exc.error_code}"
    return "failed_unforeseen"


def _next_look(job: Job) -> int:
    """When the lease or the time-out ends, whichever comes first."""
    lease_end = job.lease_until_us or clock.now_us()
    started = job.started_us or clock.now_us()
    return min(lease_end, started + (job.timeout_s + TIMEOUT_GRACE_S) * clock.SECOND_US)
