"""What must come true even when every message, event and call in between was lost.

Each unfinished job carries the moment by which maintenance must look at it (`due_at`);
so do the slots of lanes that jobs wait for. One sweep reads those whose moment has passed, and goes
on where the last one ran out of time (`shared.rounds`).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from shared import clock
from shared.devices import Retirements
from shared.errors import Unavailable
from shared.isolation import carry_out_all, kept_apart
from shared.jobs.dispatch import Dispatcher, waiting
from shared.jobs.draining import Draining
from shared.jobs.finalization import Finalization
from shared.jobs.job import TIMEOUT_GRACE_S, Job
from shared.jobs.keys import is_in_flight_item
from shared.jobs.recount import Recount
from shared.jobs.store import DUE_SHARDS, NOT_DUE, DueKey, JobStore, due, due_in_s, job_of
from shared.rounds import Position, Round
from shared.turns import MayGoOn, TimeLeft

# Sweeps come every minute; more than ten for one round, and something waits too long.
_LATE_S = 600
# Between the parts of a name in a round: in none of them.
_JOINT = "\x1f"
# A job whose pool is gone waits until it is brought back.
_LANE_MISSING_S = 3_600


@dataclass(frozen=True)
class Maintenance:
    """Looks after jobs and windows that are due."""

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

    def _sweep_retired(self, done: Counter[str], may_go_on: MayGoOn) -> int:
        retirements = Retirements(self.dispatcher.lanes.fleet.table)
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
        if is_in_flight_item(item):
            self.dispatcher.repair(item)
            return "window_tended"
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
        return self._send(job) if job.status == "queued" else self._check_lease(job)

    def _announce(self, job: Job) -> str:
        self.finalization.announcer.announce(job)
        if not job.callback_owed:
            self.store.move(job, **NOT_DUE)
        return "callback_queued"

    def _send(self, job: Job) -> str:
        """A job that waits for its first message, or whose message has not come back in time."""
        lane = self.dispatcher.lanes.lane(job)
        if lane is None and job.device_serial is not None:
            self.draining.move_to_pool(job)
            return "moved_to_pool"
        if lane is None:
            self.store.move(job, **due_in_s(job.job_id, _LANE_MISSING_S))
            return "lane_missing"
        if job.waits_in is None:
            renewed = self.store.move(job, **waiting(lane, job.user_id, job.job_id, job.priority))
            job = renewed or job
        self.dispatcher.dispatch(job)
        left = self.store.find(job.user_id, job.job_id)
        if left is not None and left.waits_in is not None:
            self.dispatcher.watch(left)
            self.store.move(left, also_if={"waits_in": left.waits_in}, **NOT_DUE)
            return "left_to_its_window"
        return "message_sent"

    def _check_lease(self, job: Job) -> str:
        if job.lease_live and not job.overdue:
            self.store.move(job, **due(job.job_id, _next_look(job)))
            return "lease_live"
        self.finalization.lapse(job, resend=True)
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
