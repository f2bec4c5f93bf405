"""Brings jobs back that were there at an earlier moment and are gone now (decision 0030).

A job that is there stays as it is: it ran, and its device and its callback cannot be taken
back. Queues have no past either, so an unfinished job that comes back is due at once, and
maintenance sends it, or ends its lease, as after any message that was lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.aws import Item, Table
from shared.jobs.job import FINISHED
from shared.jobs.keys import JOB, job_key, user_key
from shared.jobs.store import JobStore, due_in_s, job_of


@dataclass(frozen=True)
class JobRecovery:
    """The recovery from the jobs' table as it was at a moment."""

    store: JobStore
    past: Table

    def users(self) -> set[str]:
        """Who had jobs then."""
        return {key.removeprefix(user_key("")) for key in self.past.partitions(user_key(""))}

    def gone(self, user_id: str) -> Iterator[Item]:
        """The user's jobs of then that are not there now, as they were."""
        for item in self.past.query(user_key(user_id), prefix=JOB):
            there = self.store.table.get(item["pk"], item["sk"])
            if there is None and item["status"] != "removed":
                yield item

    def bring_back(self, user_id: str) -> int:
        """Bring them back with their bodies; how many. Again changes nothing."""
        number = 0
        for item in self.gone(user_id):
            job = job_of(item)
            self.store.bodies.bring_back(job, self.past)
            owner = {"pk": job_key(job.job_id), "sk": "OWNER", "user_id": user_id}
            self.store.table.put(owner)
            self.store.table.put(_due(item))
            number += 1
        return number


def _due(item: Item) -> Item:
    """An unfinished job that maintenance looks at now."""
    if item["status"] in FINISHED:
        return item
    # Its message is gone, and the slot that it had has another job by now, or none.
    gone = ("waits_in", "rank", "sent_to", "sent_us", "sends")
    left = {name: value for name, value in item.items() if name not in gone}
    return {**left, **due_in_s(job_of(item).job_id, 0)}
