"""The segments that were folded, kept for the recovery window (decision 0030).

A fold deletes the segments that it covers, so that listings stay short. Before its commit
it writes them into one object, `folded/<user_id>/<generation>-<stored>-<ulid>.msgpack`:
a restore of generation g finds what was pending then below `segments/`, and in
the objects of later generations. `stored` is the second in which the oldest segment of the
object was stored. The bucket's lifecycle deletes these objects.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from shared import ids
from shared.aws import Bucket
from shared.storage.log.object_keys import FOLDED_PREFIX
from shared.storage.log.segments import PendingSegment

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
            oldest_s = int(min(segment.stored_s for segment in kept))
            key = f"{self._prefix}{generation:012d}-{oldest_s:011d}-{ids.ulid()}.msgpack"
            self.bucket.put(key, msgspec.msgpack.encode(kept), _BINARY)

    def pending_at(self, generation: int, moment_s: float) -> Iterator[KeptSegment]:
        """The segments that were there at a moment and not covered in the generation of then."""
        for key in self._since(generation):
            if int(key.rpartition("/")[2].split("-")[1]) <= moment_s:
                kept = msgspec.msgpack.decode(self.bucket.get(key), type=list[KeptSegment])
                yield from (segment for segment in kept if segment.stored_s <= moment_s)

    def newest_generation(self, generation: int) -> int:
        """The newest generation that anything is kept of, if it is newer than the given one."""
        return max((_generation(key) for key in self._since(generation)), default=generation)

    def _since(self, generation: int) -> Iterator[str]:
        after = f"{self._prefix}{generation:012d}-~"
        return (stored.key for stored in self.bucket.list(self._prefix, start_after=after))

    @property
    def _prefix(self) -> str:
        return f"{FOLDED_PREFIX}{self.user_id}/"


def _generation(key: str) -> int:
    return int(key.rpartition("/")[2].partition("-")[0])
