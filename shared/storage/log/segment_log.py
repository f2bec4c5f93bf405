"""Where segments are written, and listed until a commit covers them."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from shared import ids
from shared.aws import Bucket
from shared.errors import DependencyFailed
from shared.observability import logger
from shared.runs import Run, RunBlock
from shared.storage.log.object_keys import SEGMENTS_PREFIX
from shared.storage.log.segments import PendingSegment, SegmentName


class SegmentLog(msgspec.Struct, frozen=True):
    """Where segments are written and listed."""

    bucket: Bucket

    def append(
        self,
        user_id: str,
        dataset: str,
        rows: list[bytes],
        runs: list[Run],
        *,
        segment_id: str,
        repeatable: bool,
        adapter_version: int = 0,
    ) -> None:
        """Store rows (JSON objects without line ends) and runs; see `append_encoded`."""
        self.append_encoded(
            user_id,
            dataset,
            b"".join(row + b"\n" for row in rows),
            len(rows),
            RunBlock.of_runs(runs, segment_id).encoded(),
            len(runs),
            segment_id=segment_id,
            repeatable=repeatable,
            adapter_version=adapter_version,
        )

    def append_encoded(
        self,
        user_id: str,
        dataset: str,
        rows_body: bytes,
        rows: int,
        runs_body: bytes,
        runs: int,
        *,
        segment_id: str,
        repeatable: bool,
        adapter_version: int = 0,
    ) -> None:
        """Store rows (JSON lines) and runs (an encoded `RunBlock`) in one atomic PUT.

        `adapter_version` is that of the adapter that the writer knew (0: none). The same
        `segment_id` again changes nothing. Raises Unavailable when storage does not
        confirm; with `repeatable` the call may then be made again.
        """
        name = SegmentName(
            user_id,
            segment_id,
            repeatable,
            rows,
            runs,
            len(rows_body),
            dataset,
            adapter_version,
        )
        self.bucket.put_new(name.key, rows_body + runs_body)

    def pending(self, user_id: str, limit: int | None = None) -> Iterator[PendingSegment]:
        """The user's segments in order of their ids, whether folded or not.

        Objects that are no segments are left out; `misnamed` has them.
        """
        return islice(self._pending(user_id), limit)

    def count_pending(self, user_id: str, limit: int) -> int:
        """How many objects of the user are listed here, folded or not; `limit` where they are
        more. A call per thousand.
        """
        return sum(1 for _ in islice(self.bucket.list(f"{SEGMENTS_PREFIX}{user_id}/"), limit))

    def _pending(self, user_id: str) -> Iterator[PendingSegment]:
        for stored in self.bucket.list(f"{SEGMENTS_PREFIX}{user_id}/"):
            if _is_segment(stored.key):
                name = SegmentName.parse(stored.key)
                yield PendingSegment(name, stored.size, stored_s=stored.modified_s)
            else:
                logger().warning("segment_misnamed", user_id=user_id)

    def wake(self, user_id: str) -> None:
        """Have the user's storage folded soon: an empty segment, whose event says so.

        What is to be done is committed already, so a failure only delays it: the next
        append, or the upkeep, wakes as well.
        """
        try:
            self.append(user_id, "", [], [], segment_id=ids.ulid(), repeatable=False)
        except DependencyFailed:
            logger().warning("wake_up_lost", user_id=user_id)

    def misnamed(self, user_id: str) -> list[str]:
        """The keys of a user's objects here that are no segments."""
        keys = (stored.key for stored in self.bucket.list(f"{SEGMENTS_PREFIX}{user_id}/"))
        return [key for key in keys if not _is_segment(key)]


def _is_segment(key: str) -> bool:
    try:
        SegmentName.parse(key)
    except ValueError:
        return False
    return True
