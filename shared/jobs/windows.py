"""Jobs that the version before dispatch had sent to a pool's queue, or kept waiting for one.

`WINDOW#<lane> / USER#<user>` held the ids of jobs with a message in a lane's queue; others
waited in the index under the lane's and the user's name. All of them wait in lines from now
on. Once for a table, by maintenance, until no function of that version runs any more.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from shared import clock
from shared.aws import Item
from shared.clock import SECOND_US
from shared.devices import LANES, Retirements
from shared.isolation import kept_apart
from shared.jobs.dispatch import Dispatcher
from shared.jobs.job import Job
from shared.jobs.keys import user_key
from shared.jobs.store import JobStore
from shared.turns import MayGoOn

# Longer than any function may run.
WAIT_S = 900
_STATE = ("WINDOW#STATE", "STATE")
_POOLS = ("default", "short", "long")
# More of one user's are moved by the next sweep.
_MOVED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Windows:
    """What is left of the windows."""

    store: JobStore
    dispatcher: Dispatcher

    def move(self, may_go_on: MayGoOn) -> Counter[str]:
        """Have the jobs of all windows wait in lines, while there is time; what was done."""
        state = self.store.table.get(*_STATE)
        done: Counter[str] = Counter()
        if state is not None and state["done"]:
            return done
        began_us = clock.now_us() if state is None else int(state["since_us"])
        for lane in self._lanes():
            for window in list(self.store.table.query(f"WINDOW#{lane}", prefix=user_key(""))):
                if not may_go_on():
                    return done
                self._move_window(lane, window, done)
        over = not done and clock.now_us() - began_us > WAIT_S * SECOND_US
        pk, sk = _STATE
        if state is None or over:
            self.store.table.put({"pk": pk, "sk": sk, "since_us": began_us, "done": over})
        return done

    def _lanes(self) -> Iterator[str]:
        fleet = self.dispatcher.fleet
        serials = {*fleet.serials(), *Retirements(fleet.table).serials()}
        owners = [f"pool/{tag}" for tag in _POOLS] + [f"device/{serial}" for serial in serials]
        return (f"{owner}/{level}" for owner in owners for level in LANES)

    def _move_window(self, lane: str, window: Item, done: Counter[str]) -> None:
        user_id = window["sk"].removeprefix(user_key(""))
        room = f"{lane}#{user_id}"
        found = self.store.waiting(room, _MOVED_AT_ONCE)
        moved = [self._move_job(user_id, job_id, room, done) for job_id in (*_sent(window), *found)]
        if all(moved) and len(found) < _MOVED_AT_ONCE:
            self.store.table.delete(window["pk"], window["sk"])

    def _move_job(self, user_id: str, job_id: str, room: str, done: Counter[str]) -> bool:
        with kept_apart("not_tended", "JobsNotTended", service="jobs", item=job_id) as attempt:
            job = self.store.find(user_id, job_id)
            if job is not None and _waits(job, room):
                done["window_job_moved"] += self.dispatcher.wait(job) is not None
        return not attempt.failed


def _waits(job: Job, room: str) -> bool:
    """Whether a job waits in the room of the version before, or was sent by it."""
    queued = job.status == "queued" and not job.ending
    return queued and job.sent_to is None and job.waits_in in (None, room)


def _sent(window: Item) -> list[str]:
    return sorted(window.get("sent", ()))
