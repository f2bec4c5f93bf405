"""Where jobs live: one item per job in its user's partition; bodies apart (`body_store`).

`USER#<user_id> / JOB#<job_id>` is the job; `JOB#<job_id> / OWNER` says whose it is;
`DEADS` counts the dead ones (`shared.jobs.dead_counts`).
Sparse indexes: `waiting` (jobs no message was sent for), `due` (jobs that maintenance
must look at by then), `dead_by_user` and `dead`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from shared import clock
from shared.aws import (
    ConditionFailed,
    Item,
    Table,
    Transaction,
    TransactionLost,
    Update,
)
from shared.clock import SECOND_US
from shared.devices import slot_freed, slot_taken
from shared.errors import Conflict, Unavailable
from shared.jobs.body_store import BodyStore
from shared.jobs.dead_counts import DeadCounts, DeadGroup, is_group
from shared.jobs.errors import JobNotFound
from shared.jobs.job import Job
from shared.jobs.keys import JOB, job_key, user_key
from shared.observability import count, logger

# Maintenance reads these one after another; several, so that none is a hot partition.
DUE_SHARDS = tuple(f"DUE#{number}" for number in range(4))
# Jobs of one user that fail alike at the same moment are counted one after the other.
_COUNTING_RACES = 12
_COUNTING_PAUSE_S = 0.1
# A device may report at the moment at which its slot changes.
_CROSSINGS = 8
CONDITION_FAILED = "ConditionalCheckFailed"


class SlotTaken(Conflict):
    """The device has another job by now, or is gone."""

    code = "slot_taken"


class DueKey(NamedTuple):
    """Where the index of due items names one: its shard and instant, and the item's key."""

    shard: str
    due_at: str
    pk: str
    sk: str


@dataclass(frozen=True)
class JobStore:
    """The jobs; `devices` is the table with the slots that they take."""

    table: Table
    bodies: BodyStore
    devices: Table

    def create(self, job: Job) -> bool:
        """Store a new job, which takes the slot of the device that it is sent to; False when it
        is there already (a call carried out again). Raises SlotTaken.
        """
        writes = self.table.transaction()
        writes.put(_item(job), only_new=True)
        owner = {"pk": job_key(job.job_id), "sk": "OWNER", "user_id": job.user_id}
        writes.put(owner, only_new=True)
        if job.sent_to is not None:
            writes.update(slot_taken(job.sent_to, job.job_id, job.user_id), self.devices.name)
        try:
            writes.commit()
        except TransactionLost as exc:
            if CONDITION_FAILED in exc.reasons[:2]:
                return False
            if job.sent_to is not None:
                raise SlotTaken("the device was given another job") from exc
            raise Unavailable("the job could not be stored", retry_after_s=1) from exc
        return True

    def find(self, user_id: str, job_id: str) -> Job | None:
        """A user's job, or None."""
        item = self.table.get(user_key(user_id), job_key(job_id))
        return None if item is None or item["status"] == "removed" else job_of(item)

    def find_many(self, user_id: str, job_ids: Iterable[str]) -> list[Job]:
        """Those of a user's jobs that exist, in the order asked, each once."""
        return self.some((user_id, job_id) for job_id in job_ids)

    def some(self, names: Iterable[tuple[str, str]]) -> list[Job]:
        """Those of these jobs, by user and id, that exist, in the order asked, each once.

        An item that makes no sense is left out, logged and counted: it must not hold up others.
        """
        items = self.table.get_many((user_key(user), job_key(job_id)) for user, job_id in names)
        found = (_readable(item) for item in items)
        return [job for job in found if job is not None and job.status != "removed"]

    def get(self, user_id: str, job_id: str) -> Job:
        """A user's job. Raises JobNotFound."""
        job = self.find(user_id, job_id)
        if job is None:
            raise JobNotFound(f"there is no job {job_id!r}")
        return job

    def owner(self, job_id: str) -> str | None:
        """Whose job this is, or None where there is none."""
        item = self.table.get(job_key(job_id), "OWNER")
        return None if item is None else str(item["user_id"])

    def owners(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Whose jobs these are, as far as they exist."""
        items = self.table.get_many((job_key(job_id), "OWNER") for job_id in set(job_ids))
        return {item["pk"].removeprefix(JOB): item["user_id"] for item in items}

    def newest_first(
        self, user_id: str, between: tuple[str, str], after: str | None, at_once: int
    ) -> Iterator[list[Job]]:
        """A user's jobs with ids in a range, removed ones among them, from beyond a job id on:
        up to `at_once`, or 1 MB, a call.
        """
        pages = self.table.pages(
            user_key(user_id),
            between=(job_key(between[0]), job_key(between[1])),
            after=None if after is None else job_key(after),
            descending=True,
            limit=at_once,
        )
        return (list(map(job_of, page)) for page in pages)

    def move(self, job: Job, *, also_if: Any = None, also: Any = (), **changes: Any) -> Job | None:
        """Change a job if it has not changed since it was read; None when it has.

        Fenced by status, attempt, ending, queueing time and sending: every transition changes
        one of them. A change to None removes the attribute; `also_if` maps further attributes
        to the values they must have. A change of `sent_to` takes or frees the device's slot
        in the same transaction, with the `also` of updates; None, too, when those fail. Raises
        SlotTaken.
        """
        slot = _slot_change(job, changes)
        if slot is not None:
            return self._move_with_slot(job, slot, also, changes, also_if)
        try:
            return job_of(self.table.update(_fenced(job, changes, also_if)))
        except ConditionFailed:
            return None

    def renew(
        self, user_id: str, job_id: str, device: str, attempt: int, until_us: int
    ) -> Job | None:
        """Renew the lease of an attempt that runs, unread; None where it does not."""
        held = {"status": "running", "device": device, "attempt": attempt, "ending": None}
        lease = {"lease_until_us": until_us}
        try:
            named = (user_key(user_id), job_key(job_id))
            return job_of(self.table.update(Update(*named, set=lease, only_if=held)))
        except ConditionFailed:
            return None

    def _move_with_slot(
        self,
        job: Job,
        slot: Update,
        also: Sequence[Update],
        changes: dict[str, Any],
        also_if: Any,
    ) -> Job | None:
        for _ in range(_CROSSINGS):
            writes = self.table.transaction()
            writes.update(_fenced(job, changes, also_if))
            writes.update(slot, self.devices.name)
            for update in also:
                writes.update(update)
            try:
                writes.commit()
            except TransactionLost as exc:
                if exc.only_crossed:
                    clock.sleep_about(_COUNTING_PAUSE_S)
                    continue
                if exc.reasons[1:2] != (CONDITION_FAILED,) or exc.reasons[0] == CONDITION_FAILED:
                    return None
                if changes["sent_to"] is not None:
                    raise SlotTaken("the device was given another job") from exc
                # The device was retired, and its slot went with it.
                return self.move(_without_slot(job), also_if=also_if, **changes)
            return _changed(job, changes)
        raise Unavailable("the device is being changed; repeat the call", retry_after_s=1)

    def dead_letter(self, job: Job, group: str, *, finished_us: int, **changes: Any) -> Job | None:
        """Bring a job to the dead letters, and count it in a group, not in one of before any more;
        None when it has moved since it was read. Raises Unavailable.
        """
        rank = dead_rank(finished_us, job.job_id)
        marks = {"dead_user": job.user_id, "dead_in": "DEAD", "dead_rank": rank, "dead_code": group}

        def count(writes: Transaction) -> None:
            if job.dead_code is not None:
                self.dead_counts.take(writes, job.user_id, job.dead_code, rank)
            self.dead_counts.add(writes, job.user_id, group, rank)

        return self._move_counted(job, count, {"finished_us": finished_us} | changes | marks)

    def leave_dead_letters(self, job: Job, **changes: Any) -> Job | None:
        """The reverse of `dead_letter`: takes a job from the dead letters and from their count."""
        marks = dict.fromkeys(("dead_user", "dead_in", "dead_rank", "dead_code"))

        def uncount(writes: Transaction) -> None:
            if job.dead_code is not None:
                rank = dead_rank(job.finished_us or 0, job.job_id)
                self.dead_counts.take(writes, job.user_id, job.dead_code, rank)

        return self._move_counted(job, uncount, changes | marks)

    def count_in(self, job: Job) -> None:
        """Count a dead job that is not counted yet, or by its code only; nothing where it has
        moved.
        """
        if not is_group(job.dead_code):
            group = DeadGroup.of(job, job.failure).key
            self.dead_letter(job, group, finished_us=job.finished_us or 0)

    def remove(self, job: Job) -> bool:
        """Forget a job; False when it has moved since it was read.

        Marked first, so that it is not seen any more; what a crash leaves behind is
        removed by maintenance through `clear_away`.
        """
        again = due_in_s(job.job_id, 60)
        removed = self.leave_dead_letters(job, status="removed", **again)
        if removed is not None:
            self.clear_away(removed)
        return removed is not None

    def clear_away(self, job: Job) -> None:
        """Delete what is left of a removed job, the job itself last."""
        self.bodies.remove(job)
        for item in list(self.table.query(job_key(job.job_id))):
            self.table.delete(item["pk"], item["sk"])
        self.table.delete(user_key(job.user_id), job_key(job.job_id))

    def waiting(self, waits_in: str, limit: int) -> list[str]:
        """Job ids that wait in DynamoDB for a place in a lane, first the next one."""
        found = self.table.query(
            waits_in, index="waiting", key_names=("waits_in", "rank"), limit=limit
        )
        ids: list[str] = []
        for item in found:
            ids.append(item["sk"].removeprefix(JOB))
            if len(ids) == limit:
                break
        return ids

    def due(self, shard: str, after: str, until_us: int) -> Iterator[DueKey]:
        """What maintenance must look at, as the index says: due after an instant as it is
        stored ("": from the first on), and not later than another.
        """
        between = (f"{after}!" if after else "0", _sortable(until_us))
        keys = self.table.query(shard, between=between, index="due", key_names=("due_in", "due_at"))
        return (DueKey(shard, key["due_at"], key["pk"], key["sk"]) for key in keys)

    def due_item(self, key: "DueKey") -> Item | None:
        """What is due, as it is stored; None when it is not due any more."""
        item = self.table.get(key.pk, key.sk)
        return item if item and str(item.get("due_at", "~")) <= _sortable(clock.now_us()) else None

    def dead(
        self, user_id: str | None, before: str | None = None, *, at_once: int
    ) -> Iterator[Job]:
        """Dead jobs of a user, or of everybody, the latest first, from beyond a `dead_rank` on.

        They are read by batches, `at_once` of them ahead.
        """
        index, name = ("dead", "dead_in") if user_id is None else ("dead_by_user", "dead_user")
        pages = self.table.pages(
            "DEAD" if user_id is None else user_id,
            between=("0", before or "~"),
            index=index,
            key_names=(name, "dead_rank"),
            descending=True,
            limit=at_once,
        )
        for keys in pages:
            for item in self.table.get_many((key["pk"], key["sk"]) for key in keys):
                if item["status"] == "dead" and item["dead_rank"] != before:
                    yield job_of(item)

    @property
    def dead_counts(self) -> DeadCounts:
        """How many of the dead jobs failed how."""
        return DeadCounts(self.table)

    def _move_counted(
        self,
        job: Job,
        count: Callable[[Transaction], None],
        changes: dict[str, Any],
    ) -> Job | None:
        """`move`, with a count in the same transaction, until no other count interferes."""
        also_if = {"dead_code": job.dead_code}
        slot = _slot_change(job, changes)
        for _ in range(_COUNTING_RACES):
            writes = self.table.transaction()
            writes.update(_fenced(job, changes, also_if))
            if slot is not None:
                writes.update(slot, self.devices.name)
            count(writes)
            try:
                writes.commit()
            except TransactionLost as exc:
                if exc.reasons[:1] == (CONDITION_FAILED,):
                    return None
                if slot is not None and exc.reasons[1:2] == (CONDITION_FAILED,):
                    slot = None  # The device was retired, and its slot went with it.
                    continue
                clock.sleep_about(_COUNTING_PAUSE_S)
                continue
            return _changed(job, changes)
        raise Unavailable("many jobs are ending at the moment; repeat the call", retry_after_s=1)


def due(name: str, us: int) -> dict[str, str]:
    """The attributes that have maintenance look at a job or window at an instant."""
    shard = hashlib.sha256(name.encode()).digest()[0] % len(DUE_SHARDS)
    return {"due_in": DUE_SHARDS[shard], "due_at": _sortable(us)}


def due_in_s(name: str, seconds: float) -> dict[str, str]:
    """`due`, so many seconds ahead."""
    return due(name, clock.now_us() + round(seconds * SECOND_US))


def dead_rank(finished_us: int, job_id: str) -> str:
    """How dead letters are sorted."""
    return f"{_sortable(finished_us)}#{job_id}"


# What takes a job or window out of maintenance's sight.
NOT_DUE = {"due_in": None, "due_at": None}


def _sortable(us: int) -> str:
    return f"{us:017d}"


def job_of(item: Item) -> Job:
    """The job in an item."""
    return msgspec.convert(item, Job, strict=False)


def _fenced(job: Job, changes: dict[str, Any], also_if: Any = None) -> Update:
    """The update of `JobStore.move`."""
    fence = {
        "status": job.status,
        "attempt": job.attempt,
        "ending": job.ending,
        "queued_us": job.queued_us,
        "waits_in": job.waits_in,
        "sent_us": job.sent_us,
    }
    return Update(
        user_key(job.user_id),
        job_key(job.job_id),
        set={name: value for name, value in changes.items() if value is not None},
        remove=tuple(name for name, value in changes.items() if value is None),
        only_if={**fence, **(also_if or {})},
    )


def _slot_change(job: Job, changes: dict[str, Any]) -> Update | None:
    """What a change of `sent_to` means to the slot of a device, if it is one."""
    after = changes.get("sent_to", job.sent_to)
    if after == job.sent_to:
        return None
    if after is None:
        ran = job.status in ("running", "cancelling")
        return slot_freed(job.sent_to or "", job.job_id, ran=ran)
    return slot_taken(after, job.job_id, job.user_id)


def _changed(job: Job, changes: dict[str, Any]) -> Job:
    after = _item(job) | changes
    return job_of({name: value for name, value in after.items() if value is not None})


def _without_slot(job: Job) -> Job:
    return msgspec.structs.replace(job, sent_to=None)


def _readable(item: Item) -> Job | None:
    try:
        return job_of(item)
    except msgspec.ValidationError:
        logger().exception("not_tended", item=item["sk"].removeprefix(JOB))
        count("JobsNotTended", service="jobs")
        return None


def _item(job: Job) -> Item:
    fields: Item = msgspec.to_builtins(job)
    stored = {name: value for name, value in fields.items() if value is not None}
    return {"pk": user_key(job.user_id), "sk": job_key(job.job_id), **stored}
