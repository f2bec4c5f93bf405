"""Where jobs live: one item per job in its user's partition, bodies on S3.

`USER#<user_id> / JOB#<job_id>` is the job; `JOB#<job_id> / OWNER` says whose it is.
Sparse indexes: `waiting` (jobs no message was sent for), `due` (jobs that maintenance
must look at by then), `dead_by_user` and `dead`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from shared import clock
from shared.aws import Bucket, ConditionFailed, Item, Table, TransactionLost, Update
from shared.clock import SECOND_US
from shared.errors import Unavailable
from shared.jobs.errors import JobNotFound
from shared.jobs.job import Job

# Maintenance reads these one after another; several, so that none is a hot partition.
DUE_SHARDS = tuple(f"DUE#{number}" for number in range(4))
_JOB = "JOB#"


class DueKey(NamedTuple):
    """Where the index of due items names one: its shard and instant, and the item's key."""

    shard: str
    due_at: str
    pk: str
    sk: str


@dataclass(frozen=True)
class JobStore:
    """The jobs and their bodies."""

    table: Table
    bucket: Bucket

    def create(self, job: Job) -> bool:
        """Store a new job; False when it is there already (a call carried out again)."""
        writes = self.table.transaction()
        writes.put(_item(job), only_new=True)
        owner = {"pk": f"{_JOB}{job.job_id}", "sk": "OWNER", "user_id": job.user_id}
        writes.put(owner, only_new=True)
        try:
            writes.commit()
        except TransactionLost as exc:
            if "ConditionalCheckFailed" in exc.reasons:
                return False
            raise Unavailable("the job could not be stored", retry_after_s=1) from exc
        return True

    def find(self, user_id: str, job_id: str) -> Job | None:
        """A user's job, or None."""
        item = self.table.get(_user(user_id), f"{_JOB}{job_id}")
        return None if item is None or item["status"] == "removed" else job_of(item)

    def get(self, user_id: str, job_id: str) -> Job:
        """A user's job. Raises JobNotFound."""
        job = self.find(user_id, job_id)
        if job is None:
            raise JobNotFound(f"there is no job {job_id!r}")
        return job

    def owner(self, job_id: str) -> str | None:
        """Whose job this is, or None where there is none."""
        item = self.table.get(f"{_JOB}{job_id}", "OWNER")
        return None if item is None else str(item["user_id"])

    def owners(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Whose jobs these are, as far as they exist."""
        items = self.table.get_many((f"{_JOB}{job_id}", "OWNER") for job_id in set(job_ids))
        return {item["pk"].removeprefix(_JOB): item["user_id"] for item in items}

    def newest_first(
        self, user_id: str, between: tuple[str, str], after: str | None
    ) -> Iterator[Job]:
        """A user's jobs with ids in a range, from beyond a job id on."""
        items = self.table.query(
            _user(user_id),
            between=(f"{_JOB}{between[0]}", f"{_JOB}{between[1]}"),
            after=None if after is None else f"{_JOB}{after}",
            descending=True,
        )
        return (job_of(item) for item in items if item["status"] != "removed")

    def move(self, job: Job, *, also_if: Any = None, **changes: Any) -> Job | None:
        """Change a job if nobody has since it was read; None when somebody has.

        Fenced by status, attempt, ending and queueing time: every transition changes one
        of them. A change to None removes the attribute; `also_if` maps further attributes
        to the values they must have.
        """
        fence = {
            "status": job.status,
            "attempt": job.attempt,
            "ending": job.ending,
            "queued_us": job.queued_us,
        }
        update = Update(
            _user(job.user_id),
            f"{_JOB}{job.job_id}",
            set={name: value for name, value in changes.items() if value is not None},
            remove=tuple(name for name, value in changes.items() if value is None),
            only_if={**fence, **(also_if or {})},
        )
        try:
            return job_of(self.table.update(update))
        except ConditionFailed:
            return None

    def remove(self, job: Job) -> bool:
        """Forget a job; False when it has moved since it was read.

        Marked first, so that nobody sees it any more; what a crash leaves behind is
        removed by maintenance through `clear_away`.
        """
        gone = {"dead_user": None, "dead_in": None, "dead_rank": None}
        again = due_in_s(job.job_id, 60)
        removed = self.move(job, status="removed", **gone, **again)
        if removed is not None:
            self.clear_away(removed)
        return removed is not None

    def clear_away(self, job: Job) -> None:
        """Delete what is left of a removed job, the job itself last."""
        self.bucket.delete(stored.key for stored in self.bucket.list(job.folder))
        for item in list(self.table.query(f"{_JOB}{job.job_id}")):
            self.table.delete(item["pk"], item["sk"])
        self.table.delete(_user(job.user_id), f"{_JOB}{job.job_id}")

    def waiting(self, waits_in: str, limit: int) -> list[str]:
        """Job ids that wait in DynamoDB for a place in a lane, first the next one."""
        found = self.table.query(
            waits_in, index="waiting", key_names=("waits_in", "rank"), limit=limit
        )
        ids: list[str] = []
        for item in found:
            ids.append(item["sk"].removeprefix(_JOB))
            if len(ids) == limit:
                break
        return ids

    def due(self, shard: str, after: str, until_us: int) -> Iterator[DueKey]:
        """What maintenance must look at, as the index says: due after an instant as it is
        stored ("": from the first on), and not later than another."""
        between = (f"{after}!" if after else "0", _sortable(until_us))
        keys = self.table.query(shard, between=between, index="due", key_names=("due_in", "due_at"))
        return (DueKey(shard, key["due_at"], key["pk"], key["sk"]) for key in keys)

    def due_item(self, key: "DueKey") -> Item | None:
        """What is due, as it is stored; None when it is not due any more."""
        item = self.table.get(key.pk, key.sk)
        return item if item and str(item.get("due_at", "~")) <= _sortable(clock.now_us()) else None

    def dead(self, user_id: str | None, before: str | None = None) -> Iterator[Job]:
        """Dead jobs of a user, or of everybody, the latest first, from beyond a `dead_rank` on."""
        index, name = ("dead", "dead_in") if user_id is None else ("dead_by_user", "dead_user")
        keys = self.table.query(
            "DEAD" if user_id is None else user_id,
            between=("0", before or "~"),
            index=index,
            key_names=(name, "dead_rank"),
            descending=True,
        )
        for key in keys:
            item = self.table.get(key["pk"], key["sk"])
            if item is not None and item["status"] == "dead" and item["dead_rank"] != before:
                yield job_of(item)

    def put_body(self, job: Job, name: str, body: bytes) -> bytes:
        """Store a body once; what lies there afterwards, ours or an earlier call's."""
        key = job.folder + name
        return body if self.bucket.put_new(key, body) else self.bucket.get(key)

    def body(self, job: Job, name: str) -> bytes:
        """A stored body. Raises ObjectMissing."""
        return self.bucket.get(job.folder + name)


def due(name: str, us: int) -> dict[str, str]:
    """The attributes that have maintenance look at a job or window at an instant."""
    shard = hashlib.sha256(name.encode()).digest()[0] % len(DUE_SHARDS)
    return {"due_in": DUE_SHARDS[shard], "due_at": _sortable(us)}


def due_in_s(name: str, seconds: float) -> dict[str, str]:
    """`due`, so many seconds ahead."""
    return due(name, clock.now_us() + round(seconds * SECOND_US))


def dead_marks(job: Job, finished_us: int) -> dict[str, str]:
    """The attributes that put a job among the dead letters."""
    rank = dead_rank(finished_us, job.job_id)
    return {"dead_user": job.user_id, "dead_in": "DEAD", "dead_rank": rank}


def dead_rank(finished_us: int, job_id: str) -> str:
    """How dead letters are sorted."""
    return f"{_sortable(finished_us)}#{job_id}"


# What takes a job or window out of maintenance's sight.
NOT_DUE = {"due_in": None, "due_at": None}


def _sortable(us: int) -> str:
    return f"{us:017d}"


def _user(user_id: str) -> str:
    return f"USER#{user_id}"


def job_of(item: Item) -> Job:
    """The job in an item."""
    return msgspec.convert(item, Job, strict=False)


def _item(job: Job) -> Item:
    fields: Item = msgspec.to_builtins(job)
    stored = {name: value for name, value in fields.items() if value is not None}
    return {"pk": _user(job.user_id), "sk": f"{_JOB}{job.job_id}", **stored}
