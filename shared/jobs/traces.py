"""Where jobs keep something of a user: items, callbacks, bodies, lines, counts of dead jobs.

A job's callbacks are in a partition that only its id leads to, and a call that is under
way may still write there after the job is gone. So ids stay, as `GONE#<job_id>` in the
user's partition, until no such call can run any more (`remains`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.aws import Bucket, Table
from shared.jobs.dead_counts import DeadCounts
from shared.jobs.keys import JOB, job_key, user_key
from shared.jobs.lines import Lines
from shared.traces import Items, Objects, Place, Uploads

_GONE = "GONE#"
_BODIES = "jobs/{}/"
# Each costs a query of its own.
_JOBS_AT_ONCE = 100


def job_traces(bucket: Bucket, table: Table) -> tuple[Place, ...]:
    """Every place but the ids, for `shared.traces`: jobs before what they can still write."""
    return (
        _Jobs(table),
        _DeadLetterCounts(table),
        _Lines(table),
        Items(table, "job_entries", user_key("{}"), spare=(_GONE,)),
        Items(table, "callback_addresses", "CALLBACKS#{}"),
        Uploads(bucket, "uploads", _BODIES),
        Objects(bucket, "job_bodies", _BODIES),
    )


def job_remains(table: Table) -> tuple[Place, ...]:
    """The ids, to be removed when no call can write for these jobs any more."""
    return (_JobIds(table),)


@dataclass(frozen=True)
class _Jobs:
    """Jobs, with what is kept under their ids."""

    table: Table
    kind: str = "jobs"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Ids of jobs."""
        return _ids(self.table, user_id, JOB)

    def remove(self, user_id: str, found: Sequence[Any], /) -> None:
        """Keep the ids, then remove what they lead to, the jobs last."""
        pk = user_key(user_id)
        self.table.put_many({"pk": pk, "sk": f"{_GONE}{job_id}"} for job_id in found)
        _remove_partitions(self.table, found)
        self.table.delete_many((pk, job_key(job_id)) for job_id in found)


@dataclass(frozen=True)
class _JobIds:
    """Ids of jobs that are gone, and what was written under them since."""

    table: Table
    kind: str = "job_ids"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Ids of jobs."""
        return _ids(self.table, user_id, _GONE)

    def remove(self, user_id: str, found: Sequence[Any], /) -> None:
        """Remove what the ids lead to, then the ids."""
        _remove_partitions(self.table, found)
        pk = user_key(user_id)
        self.table.delete_many((pk, f"{_GONE}{job_id}") for job_id in found)


@dataclass(frozen=True)
class _DeadLetterCounts:
    """How many of a user's jobs died how; what they are counted by is among the entries."""

    table: Table
    kind: str = "dead_job_counts"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Counts."""
        return DeadCounts(self.table).of(user_id)

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Delete them."""
        DeadCounts(self.table).forget(found)


@dataclass(frozen=True)
class _Lines:
    """The lines in which a user's jobs waited."""

    table: Table
    kind: str = "lines"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Lines."""
        return [line for line in Lines(self.table).all() if line.user_id == user_id]

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Delete them."""
        Lines(self.table).remove(found)


def _ids(table: Table, user_id: str, prefix: str) -> list[str]:
    items = table.query(user_key(user_id), prefix=prefix, limit=_JOBS_AT_ONCE)
    return [item["sk"].removeprefix(prefix) for item in islice(items, _JOBS_AT_ONCE)]


def _remove_partitions(table: Table, job_ids: Sequence[str]) -> None:
    for job_id in job_ids:
        table.delete_many((item["pk"], item["sk"]) for item in table.query(job_key(job_id)))
