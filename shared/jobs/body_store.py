"""Where bodies are kept: what one write unit of DynamoDB holds as an item, all else on S3.

`USER#<user_id> / BODY#<job_id>#<name>` in the jobs table, packed, or `jobs/<user>/<job>/<name>` in
the bucket. A name that ends in `.json` is an object's. The job says which name counts: of one
attempt two calls may each store an outcome, one in either place, and only one of them ends it.
Versions before this one stored objects only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from shared import clock
from shared.aws import Bucket, ConditionFailed, Item, ObjectMissing, Table
from shared.jobs.job import Job
from shared.jobs.keys import body_key, user_key
from shared.packing import packed, unpacked

_OBJECT = ".json"
# A write unit. Of larger items each further unit costs, with its storage for as long as bodies are
# kept by default, more than an object does (docs/decisions/0097-small-bodies-are-items.md).
ITEM_BYTES = 1_024
# What an item holds beyond its keys and content: the names of its attributes, and a number.
_NAMES_BYTES = len("pkskbodyexpires_at") + 8
# What is longer is not even packed: it would fit an item by chance only.
_PACKED_UP_TO = 16 * ITEM_BYTES
_DAY_S = 86_400


class StoredBody(NamedTuple):
    """A body that is stored, and the name under which it is."""

    name: str
    content: bytes


@dataclass(frozen=True)
class BodyStore:
    """The bodies of all jobs; new ones are kept for so many days."""

    table: Table
    bucket: Bucket
    kept_days: int

    def put(self, job: Job, stem: str, body: bytes) -> StoredBody:
        """Store a body once in its place; what is there afterwards, ours or an earlier call's.

        Raises ObjectMissing where an earlier call's is gone again.
        """
        item = self._item(job, stem, body)
        if item is None:
            key = f"{job.folder}{stem}{_OBJECT}"
            mine = self.bucket.put_new(key, body)
            return StoredBody(stem + _OBJECT, body if mine else self.bucket.get(key))
        try:
            self.table.put(item, only_new=True)
        except ConditionFailed:
            return StoredBody(stem, self.get(job, stem))
        return StoredBody(stem, body)

    def get(self, job: Job, name: str) -> bytes:
        """A stored body. Raises ObjectMissing, also for one whose time is over."""
        if name.endswith(_OBJECT):
            return self.bucket.get(job.folder + name)
        item = self.table.get(user_key(job.user_id), body_key(job.job_id, name))
        if item is None or item["expires_at"] <= clock.now_s():
            raise ObjectMissing("there is no such body")
        return unpacked(item["body"])

    def remove(self, job: Job) -> None:
        """Delete all bodies of a job."""
        self.bucket.delete(stored.key for stored in self.bucket.list(job.folder))
        for item in list(_items(self.table, job)):
            self.table.delete(item["pk"], item["sk"])

    def bring_back(self, job: Job, past: Table) -> None:
        """Bring back the bodies of a job that is gone, items as a table of the past has them.

        Again changes nothing.
        """
        for key in {entry.key for entry in self.bucket.history(job.folder)}:
            self.bucket.undelete(key)
        self.table.put_many(_items(past, job))

    def _item(self, job: Job, stem: str, body: bytes) -> Item | None:
        """The body as an item; None where it does not fit one."""
        if len(body) > _PACKED_UP_TO:
            return None
        pk, sk, content = user_key(job.user_id), body_key(job.job_id, stem), packed(body)
        if len(pk.encode()) + len(sk) + len(content) + _NAMES_BYTES > ITEM_BYTES:
            return None
        expires_at = clock.now_s() + self.kept_days * _DAY_S
        return {"pk": pk, "sk": sk, "body": content, "expires_at": expires_at}


def _items(table: Table, job: Job) -> Iterator[Item]:
    return table.query(user_key(job.user_id), prefix=body_key(job.job_id, ""))
