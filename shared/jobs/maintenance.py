"""What must come true even when every message, event and call in between was lost.

Each unfinished job carries the moment by which somebody must look at it (`due_at`);
so do windows that jobs wait for. One sweep reads those whose moment has passed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shared import clock
from shared.aws import Item
from shared.devices import Retirements
from shared.errors import EvalyardError
from shared.jobs.draining import Draining
from shared.jobs.endings import Endings
from shared.jobs.job import TIMEOUT_GRACE_S, Job
from shared.jobs.lanes import Lanes, waiting
from shared.jobs.store import DUE_SHARDS, NOT_DUE, JobStore, due, due_in_s, job_of
from shared.observability import count, logger

# A job whose pool is gone waits for somebody to bring it back.
_LANE_MISSING_S = 3_600


@dataclass(frozen=True)
class Maintenance:
    """Looks after jobs and windows that are due."""

    store: JobStore
    lanes: Lanes
    endings: Endings
    draining: Draining

    def sweep(self, may_go_on: Callable[[], bool]) -> Counter[str]:
        """Look after everything that is due, while there is time; how often what was done."""
        done: Counter[str] = Counter()
        for shard in DUE_SHARDS:
            for item in self.store.due(shard):
                if not may_go_on():
                    return done
                done[_safely(partial(self._tend, item), item["sk"])] += 1
        for device in Retirements(self.lanes.fleet.table).open():
            if not may_go_on():
                return done
            drain = partial(self.draining.drain, device, may_go_on)
            done[_safely(drain, device.serial)] += 1
        return done

    def _tend(self, item: Item) -> str:
        if item["pk"].startswith("WINDOW#"):
            self.lanes.tend(item)
            return "window_tended"
        return self._tend_job(job_of(item))

    def _tend_job(self, job: Job) -> str:
        if job.status == "removed":
            self.store.clear_away(job)
            return "removal_finished"
        if job.ending:
            self.endings.settle(job)
            return "ending_carried_out"
        if job.finished:
            return self._announce(job)
        return self._send(job) if job.status == "queued" else self._check_lease(job)

    def _announce(self, job: Job) -> str:
        self.endings.announcer.announce(job)
        if not job.callback_owed:
            self.store.move(job, **NOT_DUE)
        return "callback_queued"

    def _send(self, job: Job) -> str:
        """A job that waits for its first message, or whose message has not come back in time."""
        lane = self.lanes.lane(job)
        if lane is None and job.device_serial is not None:
            self.draining.move_to_pool(job)
            return "moved_to_pool"
        if lane is None:
            self.store.move(job, **due_in_s(job.job_id, _LANE_MISSING_S))
            return "lane_missing"
        if job.waits_in is None:
            renewed = self.store.move(job, **waiting(lane, job.user_id, job.job_id, job.priority))
            job = renewed or job
        self.lanes.feed(job)
        left = self.store.find(job.user_id, job.job_id)
        if left is not None and left.waits_in is not None:
            self.lanes.watch(left)
            self.store.move(left, also_if={"waits_in": left.waits_in}, **NOT_DUE)
            return "left_to_its_window"
        return "message_sent"

    def _check_lease(self, job: Job) -> str:
        if job.lease_live and not job.overdue:
            self.store.move(job, **due(job.job_id, _next_look(job)))
            return "lease_live"
        self.endings.lapse(job, resend=True)
        return "attempt_lapsed"


def _safely(work: Callable[[], str], name: str) -> str:
    """What became of one thing; what fails now is looked after again by the next sweep."""
    try:
        return work()
    except EvalyardError as exc:
        return f"failed_{exc.error_code}"
    except Exception:
        # The last resort: one thing that nobody foresaw must not keep all others waiting.
        logger().exception("not_tended", item=name)
        count("JobsNotTended", service="jobs")
        return "failed_unforeseen"


def _next_look(job: Job) -> int:
    """When the lease or the time-out ends, whichever comes first."""
    lease_end = job.lease_until_us or clock.now_us()
    started = job.started_us or clock.now_us()
    return min(lease_end, started + (job.timeout_s + TIMEOUT_GRACE_S) * clock.SECOND_US)
