"""How many dead jobs failed how: kept, so that no query has to read them all.

`DEADS / <user_id>#<code>` holds the count and the rank of the newest; for each counted
job, `USER#<user_id> / DEAD#<code>#<rank>` finds the next newest when that one goes. They are
written in the transaction that moves the job, which therefore counts once whatever is
repeated; the job's `dead_code` says that, and as what, it is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shared import ids
from shared.aws import Item, Table, Transaction, Update
from shared.jobs.keys import user_key

_COUNTS = "DEADS"


@dataclass(frozen=True)
class DeadCount:
    """A user's dead jobs that failed with a code; `newest` is the rank of the latest of them."""

    user_id: str
    code: str
    count: int
    newest: str
    version: str

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
        self.table.delete_many((_COUNTS, f"{each.user_id}#{each.code}") for each in counts)

    def add(self, writes: Transaction, user_id: str, code: str, rank: str) -> None:
        """Have a transaction count a job that dies. It is lost when another counts meanwhile."""
        before = self._read(user_id, code)
        writes.put({"pk": user_key(user_id), "sk": _job(code, rank)})
        newest = rank if before is None else max(rank, before.newest)
        self._set(writes, user_id, code, before, 1 if before is None else before.count + 1, newest)

    def take(self, writes: Transaction, user_id: str, code: str, rank: str) -> None:
        """Have a transaction take a job from the count that is dead no more, as `add` does."""
        before = self._read(user_id, code)
        writes.delete(user_key(user_id), _job(code, rank))
        if before is None:
            return
        if before.count <= 1:
            only_if = {"version": before.version}
            writes.delete(_COUNTS, f"{user_id}#{code}", only_if=only_if)
            return
        newest = before.newest if rank != before.newest else self._next(user_id, code, rank)
        self._set(writes, user_id, code, before, before.count - 1, newest)

    def _read(self, user_id: str, code: str) -> DeadCount | None:
        item = self.table.get(_COUNTS, f"{user_id}#{code}")
        return None if item is None else _count(item)

    def _next(self, user_id: str, code: str, rank: str) -> str:
        """The newest rank but for one. The count's version keeps it true until the commit."""
        newest_first = self.table.query(
            user_key(user_id), prefix=_job(code, ""), descending=True, limit=2
        )
        ranks = (str(item["sk"]).removeprefix(_job(code, "")) for item in newest_first)
        return next((each for each in ranks if each != rank), "")

    def _set(
        self,
        writes: Transaction,
        user_id: str,
        code: str,
        before: DeadCount | None,
        count: int,
        newest: str,
    ) -> None:
        version = None if before is None else before.version
        writes.update(
            Update(
                _COUNTS,
                f"{user_id}#{code}",
                # A version never comes back, also not after the item went and came again.
                set={"count": count, "newest": newest, "version": ids.ulid()},
                only_if={"version": version},
            )
        )


def by_code(counts: Iterable[DeadCount]) -> list[DeadCount]:
    """The counts of all users together, the most frequent code first."""
    groups: dict[str, DeadCount] = {}
    for each in counts:
        seen = groups.get(each.code, DeadCount(each.user_id, each.code, 0, "", ""))
        newer = max(seen, each, key=lambda one: one.newest)
        count = seen.count + each.count
        groups[each.code] = DeadCount(newer.user_id, each.code, count, newer.newest, "")
    return sorted(groups.values(), key=lambda group: (-group.count, group.code))


def _job(code: str, rank: str) -> str:
    return f"DEAD#{code}#{rank}"


def _count(item: Item) -> DeadCount:
    user_id, _, code = str(item["sk"]).partition("#")
    return DeadCount(user_id, code, int(item["count"]), str(item["newest"]), str(item["version"]))
