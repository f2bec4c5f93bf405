"""One user's log: what almost everything here works on."""

from collections.abc import Iterator

import msgspec

from shared.aws import Bucket
from shared.storage.log.catalog import Catalog
from shared.storage.log.records import Checkpoint, DatasetRecord, DayRecord, MonthRecord, Totals
from shared.storage.log.segment_log import SegmentLog
from shared.storage.log.segments import PendingSegment
from shared.storage.log.tombstones import Tombstone


class UserLog(msgspec.Struct, frozen=True):
    """The log of one user: the bucket with its objects, the catalog that says which count, and
    whose it is.

    The methods read the catalog and the segments as they are at this moment; what belongs
    together is read by a `Snapshot`.
    """

    bucket: Bucket
    catalog: Catalog
    user_id: str

    def checkpoint(self) -> Checkpoint:
        """How far the log is folded, strongly consistent."""
        return self.catalog.checkpoint(self.user_id)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """The tombstones that are not applied yet, oldest first."""
        return self.catalog.tombstones(self.user_id)

    def dataset(self, name: str) -> DatasetRecord | None:
        """The folded part of one dataset."""
        return self.catalog.dataset(self.user_id, name)

    def day(self, day: str) -> DayRecord:
        """The parts of one day."""
        return self.catalog.day(self.user_id, day)

    def days(self, first: str = "0000-01-01", last: str = "9999-12-31") -> list[DayRecord]:
        """The days between two dates, both included, that have runs."""
        return self.catalog.days(self.user_id, first, last)

    def months(self, first: str = "0000-01", last: str = "9999-12") -> list[MonthRecord]:
        """The months between two, both included, whose days are gathered."""
        return self.catalog.months(self.user_id, first, last)

    def totals(self) -> Totals:
        """What is folded altogether."""
        return self.catalog.totals(self.user_id)

    def pending(self, limit: int | None = None) -> Iterator[PendingSegment]:
        """The segments in order of their ids, whether folded or not."""
        return SegmentLog(self.bucket).pending(self.user_id, limit)

    def wake(self) -> None:
        """Have the log folded soon; see `SegmentLog.wake`."""
        SegmentLog(self.bucket).wake(self.user_id)
