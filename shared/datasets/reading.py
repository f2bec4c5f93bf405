"""Reading datasets: the list with exact counts, and pages of rows in append order.

A position in a dataset is a place in its folded rows (bytes and rows before it) and
a number of rows to skip from there. Folded rows never move, so a position stays good
while others append and while pending rows are folded.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.aws import Bucket, Item
from shared.datasets.adapters import Adapter, adapter_of
from shared.errors import NotFound
from shared.storage import (
    Catalog,
    DatasetRecord,
    PendingSegment,
    Snapshot,
    Volume,
    dataset_record,
    read_snapshot,
)

MAX_PAGE_BYTES = int(4.5 * 2**20)
_CHUNK_BYTES = 2**20


class DatasetNotFound(NotFound):
    """The caller has no dataset of this name."""

    code = "dataset_not_found"


@dataclass
class DatasetSummary:
    """A dataset in the list; counts include what is not folded yet."""

    name: str
    rows: int = 0
    bytes: int = 0
    created_us: int = 0
    updated_us: int = 0
    adapter: Adapter | None = None

    def note(self, rows: int, size: int, first_us: int, last_us: int) -> None:
        """Count rows that came between two instants."""
        self.rows += rows
        self.bytes += size
        self.created_us = min(self.created_us or first_us, first_us)
        self.updated_us = max(self.updated_us, last_us)


class Position(NamedTuple):
    """A place in the folded rows (volume, bytes into it) and rows to skip from there."""

    volume: int = 0
    offset: int = 0
    skip: int = 0


@dataclass
class RowPage:
    """A page of rows as stored lines; `next` is where the following page starts."""

    lines: list[bytes] = field(default_factory=list)
    next: Position | None = None


def list_datasets(bucket: Bucket, catalog: Catalog, user_id: str) -> list[DatasetSummary]:
    """The user's datasets by name, also those that have only an adapter."""
    return read_snapshot(bucket, catalog, user_id, _summaries)


def read_rows(
    bucket: Bucket, catalog: Catalog, user_id: str, dataset: str, limit: int, start: Position
) -> RowPage:
    """Up to `limit` rows in append order from a position on; fewer when they exceed 4.5 MB.

    Raises DatasetNotFound.
    """
    return read_snapshot(
        bucket, catalog, user_id, lambda snapshot: _Reading(snapshot, dataset, limit).page(start)
    )


def _summaries(snapshot: Snapshot) -> list[DatasetSummary]:
    found: dict[str, DatasetSummary] = {}
    for item in snapshot.dataset_items():
        _note_item(found.setdefault(item["name"], DatasetSummary(item["name"])), item)
    for segment in snapshot.pending:
        name = segment.name
        if name.rows and not segment.rows_folded:
            summary = found.setdefault(name.dataset, DatasetSummary(name.dataset))
            summary.note(name.rows, name.offset, name.born_us, name.born_us)
    return [found[name] for name in sorted(found)]


def _note_item(summary: DatasetSummary, item: Item) -> None:
    if item["sk"].endswith("#ADAPTER"):
        summary.adapter = adapter_of(item)
        summary.note(0, 0, item["created_us"], item["created_us"])
    else:
        record = dataset_record(item)
        summary.note(record.rows, record.bytes, record.created_us, record.updated_us)


class _Reading:
    """One page being collected."""

    def __init__(self, snapshot: Snapshot, dataset: str, limit: int) -> None:
        self._snapshot = snapshot
        self._record = snapshot.dataset(dataset)
        self._pending = snapshot.pending_of(dataset)
        self._dataset = dataset
        self._limit = limit
        self._page = RowPage()
        self._size = 0

    def page(self, start: Position) -> RowPage:
        """The page that starts at a position."""
        if self._record is None and not self._pending and not self._has_adapter():
            raise DatasetNotFound(
                f"there is no dataset {self._dataset!r}; append_jsonl with this name makes it"
            )
        place = self._read_folded(self._record or DatasetRecord(self._dataset), start)
        if self._page.next is None:
            self._read_pending(self._pending, place)
        return self._page

    def _has_adapter(self) -> bool:
        return any(item["name"] == self._dataset for item in self._snapshot.dataset_items())

    def _read_folded(self, record: DatasetRecord, start: Position) -> Position:
        """Take folded rows; the place after them, from where pending rows are counted."""
        place = start
        for number in range(start.volume, len(record.volumes)):
            place = self._read_volume(record.volumes[number], number, place)
            if self._page.next is not None:
                return place
            if number + 1 < len(record.volumes):
                place = Position(number + 1, 0, place.skip)
        return place

    def _read_volume(self, volume: Volume, number: int, place: Position) -> Position:
        offset, skip, rest = place.offset, place.skip, b""
        at = offset
        while at < volume.bytes:
            end = min(at + _CHUNK_BYTES, volume.bytes)
            chunk = rest + self._snapshot.bucket.get(
                volume.key, version_id=volume.version_id, start=at, end=end
            )
            at = end
            *lines, rest = chunk.split(b"\n")
            for line in lines:
                if skip:
                    skip -= 1
                elif not self._take(line):
                    self._page.next = Position(number, offset, 0)
                    return self._page.next
                offset += len(line) + 1
        return Position(number, offset, skip)

    def _read_pending(self, pending: list[PendingSegment], place: Position) -> None:
        passed = 0
        for segment in pending:
            if passed + segment.name.rows <= place.skip:
                passed += segment.name.rows
                continue
            for line in self._snapshot.pending_rows(segment):
                passed += 1
                if passed > place.skip and not self._take(line):
                    self._page.next = place._replace(skip=passed - 1)
                    return

    def _take(self, line: bytes) -> bool:
        """Add a row unless the page is full."""
        full = len(self._page.lines) >= self._limit
        too_large = self._page.lines and self._size + len(line) > MAX_PAGE_BYTES
        if full or too_large:
            return False
        self._page.lines.append(line)
        self._size += len(line) + 1
        return True
