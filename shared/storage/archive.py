"""The segments that were folded, kept for the recovery window (decision 0030).

A fold deletes the segments that it covers, so that listings stay short. Before its commit
it writes them into one object, `folded/<user_id>/<generation>-<ulid>.msgpack`: whoever
goes back to generation g finds what was pending then below `segments/`, and in the
objects of later generations. The bucket's lifecycle deletes these objects.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from shared import ids
from shared.aws import Bucket
from shared.storage.segments import PendingSegment

FOLDED_PREFIX = "folded/"
_BINARY = "application/vnd.msgpack"


class KeptSegment(msgspec.Struct, frozen=True, array_like=True):
    """A segment as it was: the last part of its key, when it was stored, and its content."""

    file_name: str
    stored_s: float
    body: bytes

    @classmethod
    def of(cls, segment: PendingSegment, body: bytes) -> "KeptSegment":
        """What to keep of a segment."""
        return cls(segment.name.file_name, segment.stored_s, body)


@dataclass(frozen=True)
class Archive:
    """The kept segments of one user."""

    bucket: Bucket
    user_id: str

    def keep(self, generation: int, segments: Iterable[KeptSegment]) -> None:
        """Keep segments that no generation before this one covers.

        Whether that generation's commit succeeds makes no difference: they were pending
        before it either way. Empty ones (`SegmentLog.wake`) hold nothing to keep.
        """
        kept = [segment for segment in segments if segment.body]
        if kept:
            key = f"{self._prefix}{generation:012d}-{ids.ulid()}.msgpack"
            self.bucket.put(key, msgspec.msgpack.encode(kept), _BINARY)

    def since(self, generation: int) -> Iterator[KeptSegment]:
        """The segments that were not covered in this generation and have been since."""
        after = f"{self._prefix}{generation:012d}-~"
        for stored in self.bucket.list(self._prefix, start_after=after):
            yield from msgspec.msgpack.decode(self.bucket.get(stored.key), type=list[KeptSegment])

    @property
    def _prefix(self) -> str:
        return f"{FOLDED_PREFIX}{self.user_id}/"
