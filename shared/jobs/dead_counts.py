"""How many dead jobs failed how, where, and with which model: kept, so that no query has to read
them all.

A group is a failure code, a device and a model. `DEADS / <user_id>#<group>` holds the count and
the rank of the newest; for each counted job, `USER#<user_id> / DEAD#<group>#<rank>` finds the
next newest when that one goes. They are written in the transaction that moves the job, which
therefore counts once whatever is repeated; the job's `dead_code` says that, and in which group,
it is counted.
"""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shared import ids
from shared.aws import Item, Table, Transaction, Update
from shared.jobs.job import Failure, Job
from shared.jobs.keys import user_key

_COUNTS = "DEADS"
# A key has 1,024 bytes: a longer name of a model is known by its digest, and so is one whose
# letters take much more in JSON than they are.
_MODEL_BYTES = 512
_JSON_BYTES = 800


class DeadGroup(NamedTuple):
    """What dead jobs have in common; `device` is where they failed, None for those that did not
    fail on a device. `model` is its name, or the digest of a long one (`model_key`).
    """

    code: str
    device: str | None
    model: str

    @classmethod
    def of(cls, job: Job, failure: Failure | None) -> "DeadGroup":
        """The group of a job that dies, or is dead, of a failure."""
        code = failure.code if failure else "unknown"
        return cls(code, failure.device if failure else None, model_key(job.model))

    @property
    def key(self) -> str:
        """How it stands in keys; no key is the beginning of another."""
        return _json(self)

    @classmethod
    def read(cls, key: str) -> "DeadGroup":
        """The group in a key, also in one of the version before, which was a code alone."""
        return cls(*json.loads(key)) if is_group(key) else cls(key, None, "")


def model_key(model: str) -> str:
    """A model's name as groups know it."""
    name, written = (text.encode(errors="replace") for text in (model, _json(model)))
    fits = len(name) <= _MODEL_BYTES and len(written) <= _JSON_BYTES
    return model if fits else hashlib.sha256(name).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_group(key: str | None) -> bool:
    """Whether a job is counted, by device and model too."""
    return key is not None and key.startswith("[")


@dataclass(frozen=True)
class DeadCount:
    """A user's dead jobs of the group with this key; `newest` is the rank of the latest of them."""

    user_id: str
    key: str
    count: int
    newest: str
    version: str

    @property
    def group(self) -> DeadGroup:
        """What they have in common."""
        return DeadGroup.read(self.key)

    @property
    def newest_job_id(self) -> str:
        """The job that died last."""
        return self.newest.partition("#")[2]


@dataclass(frozen=True)
class DeadCounts:
    """The counts in the jobs table."""

    table: Table

    def of(self, user_id: str | None) -> list[DeadCount]:
        """The counts of a user, or of everybody; strongly consistent."""
        prefix = "" if user_id is None else f"{user_id}#"
        return [_count(item) for item in self.table.query(_COUNTS, prefix=prefix)]

    def forget(self, counts: Iterable[DeadCount]) -> None:
        """Delete counts of a user who is erased, with all jobs."""
        self.table.delete_many((_COUNTS, f"{each.user_id}#{each.key}") for each in counts)

    def add(self, writes: Transaction, user_id: str, key: str, rank: str) -> None:
        """Have a transaction count a job that dies. It is lost when another counts meanwhile."""
        before = self._read(user_id, key)
        writes.put({"pk": user_key(user_id), "sk": _job(key, rank)})
        newest = rank if before is None else max(rank, before.newest)
        self._set(writes, user_id, key, before, 1 if before is None else before.count + 1, newest)

    def take(self, writes: Transaction, user_id: str, key: str, rank: str) -> None:
        """Have a transaction take a job from the count that is dead no more, as `add` does."""
        before = self._read(user_id, key)
        writes.delete(user_key(user_id), _job(key, rank))
        if before is None:
            return
        if before.count <= 1:
            only_if = {"version": before.version}
            writes.delete(_COUNTS, f"{user_id}#{key}", only_if=only_if)
            return
        newest = before.newest if rank != before.newest else self._next(user_id, key, rank)
        self._set(writes, user_id, key, before, before.count - 1, newest)

    def _read(self, user_id: str, key: str) -> DeadCount | None:
        item = self.table.get(_COUNTS, f"{user_id}#{key}")
        return None if item is None else _count(item)

    def _next(self, user_id: str, key: str, rank: str) -> str:
        """The newest rank but for one. The count's version keeps it true until the commit."""
        newest_first = self.table.query(
            user_key(user_id), prefix=_job(key, ""), descending=True, limit=2
        )
        ranks = (str(item["sk"]).removeprefix(_job(key, "")) for item in newest_first)
        return next((each for each in ranks if each != rank), "")

    def _set(
        self,
        writes: Transaction,
        user_id: str,
        key: str,
        before: DeadCount | None,
        count: int,
        newest: str,
    ) -> None:
        version = None if before is None else before.version
        writes.update(
            Update(
                _COUNTS,
                f"{user_id}#{key}",
                # A version never comes back, also not after the item went and came again.
                set={"count": count, "newest": newest, "version": ids.ulid()},
                only_if={"version": version},
            )
        )


def summed(counts: Iterable[DeadCount], by: Callable[[DeadGroup], Hashable]) -> list[DeadCount]:
    """The counts of all users and groups that are alike, the most frequent first."""
    sums: dict[Hashable, DeadCount] = {}
    for each in counts:
        seen = sums.get(by(each.group))
        if seen is None:
            sums[by(each.group)] = each
            continue
        newer = max(seen, each, key=lambda one: one.newest)
        count = seen.count + each.count
        sums[by(each.group)] = DeadCount(newer.user_id, newer.key, count, newer.newest, "")
    return sorted(sums.values(), key=lambda each: (-each.count, str(by(each.group))))


def _job(key: str, rank: str) -> str:
    return f"DEAD#{key}#{rank}"


def _count(item: Item) -> DeadCount:
    user_id, _, key = str(item["sk"]).partition("#")
    return DeadCount(user_id, key, int(item["count"]), str(item["newest"]), str(item["version"]))
