"""What there is of a user in one place, and how it is removed for good.

Each feature says where it keeps something of a user by a place of its own
(`shared.<feature>.traces`); `functions/erase_accounts/wiring.py` lists them all. A test
holds that list against what the template lets functions write.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Protocol

import msgspec

from shared.aws import Bucket, Table

# About the most that is looked at, and removed, at a time: S3 deletes so many in one call.
BATCH = 1_000


class Place(Protocol):
    """One place in which a user leaves something; `kind` is its name for people."""

    @property
    def kind(self) -> str:
        """What is stored there, in a word."""
        ...

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Some of what is there, and nothing only where nothing is."""
        ...

    def remove(self, user_id: str, found: Sequence[Any], /) -> None:
        """Remove these for good. Repeatable."""
        ...


def clear(place: Place, user_id: str, may_go_on: Callable[[], bool]) -> tuple[int, int]:
    """Remove what a user has in a place while there is time.

    How much was found, and how much is left: none, or as much as one look saw.
    """
    found = 0
    while some := place.some(user_id):
        found += len(some)
        if not may_go_on():
            return found, len(some)
        place.remove(user_id, some)
    return found, 0


class Objects(msgspec.Struct, frozen=True):
    """Objects below a prefix (`segments/{}/`), with all their versions and delete markers."""

    bucket: Bucket
    kind: str
    prefix: str

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Versions and markers."""
        return list(islice(self.bucket.history(self.prefix.format(user_id)), BATCH))

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Delete the versions and markers themselves, which leaves no marker."""
        self.bucket.delete_history(found)


class Uploads(msgspec.Struct, frozen=True):
    """Uploads in parts that were begun below a prefix and not finished: their parts are kept."""

    bucket: Bucket
    kind: str
    prefix: str

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Keys and upload ids."""
        return self.bucket.uploads(self.prefix.format(user_id))

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Abandon them; a part that arrives at this moment is found by the next look."""
        for key, upload_id in found:
            self.bucket.abandon_upload(key, upload_id)


class Items(msgspec.Struct, frozen=True):
    """Items of one partition (`USER#{}`), but for some sort keys, or those that begin so."""

    table: Table
    kind: str
    partition: str
    spare: tuple[str, ...] = ()

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Keys."""
        items = self.table.query(self.partition.format(user_id), limit=BATCH)
        keys = ((item["pk"], item["sk"]) for item in items)
        return list(islice((key for key in keys if not key[1].startswith(self.spare)), BATCH))

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Delete them."""
        self.table.delete_many(found)
