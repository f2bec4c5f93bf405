"""Pages of rows: upwards in append order, downwards from the newest, and the tail."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from shared.datasets.adapters import load_adapter
from shared.datasets.cursors import MAX_PASSED, Cursor, Passed, mismatch
from shared.datasets.dataset_rows import DatasetRows, StoredLine
from shared.datasets.listing import DatasetNotFound
from shared.errors import MalformedInput, Unavailable
from shared.storage.log import PendingSegment, Snapshot, UserLog, read_snapshot

# With what is around the rows, an answer stays below 4.5 MB.
MAX_PAGE_BYTES = int(4.5 * 2**20) - 2**15
# What a tail or a downward page may have to look through.
_MAX_SCANNED_BYTES = 64 * 2**20

Order = Literal["asc", "desc"]


class RowPage(msgspec.Struct):
    """A page of rows as stored lines; `next` is where the following page starts."""

    lines: list[bytes] = msgspec.field(default_factory=list)
    next: Cursor | None = None


class PageRequest(msgspec.Struct, frozen=True):
    """What a reader asks for: rows and bytes at most, and in which order."""

    limit: int
    order: Order = "asc"
    max_bytes: int = MAX_PAGE_BYTES


def read_rows(
    log: UserLog,
    dataset: str,
    wanted: PageRequest,
    start: Cursor | None = None,
) -> RowPage:
    """A page from a place on; fewer rows than wanted when they exceed the bytes.

    Raises DatasetNotFound; MalformedInput for a place of a dataset from which rows were
    taken since; Unavailable when the place cannot be kept yet.
    """

    def page(snapshot: Snapshot) -> RowPage:
        rows = _rows(snapshot, dataset)
        cursor = rows.moved(start) if start else None
        if start and not cursor:
            raise mismatch("the dataset was deleted since this cursor was given out")
        if wanted.order == "asc":
            return _Upwards(rows, wanted).page(cursor or Cursor(rows.epoch))
        return _Downwards(rows, wanted).page(cursor)

    return read_snapshot(log, page)


def read_tail(log: UserLog, dataset: str, count: int, wanted: PageRequest) -> RowPage:
    """The last `count` rows in append order; the page may end early, as any page.

    Raises DatasetNotFound, and MalformedInput when they are too many bytes to look through.
    """

    def page(snapshot: Snapshot) -> RowPage:
        rows = _rows(snapshot, dataset)
        return _Upwards(rows, wanted).page(*_cursor_of_last(rows, count))

    return read_snapshot(log, page)


def _rows(snapshot: Snapshot, dataset: str) -> DatasetRows:
    rows = DatasetRows.of(snapshot, dataset)
    if not rows.exist:
        log = snapshot.log
        if load_adapter(log.catalog.table, log.user_id, dataset) is None:
            raise DatasetNotFound(dataset)
    return rows


class _Page:
    """A page being filled."""

    def __init__(self, wanted: PageRequest) -> None:
        self._wanted = wanted
        self._size = 0
        self.result = RowPage()

    def take(self, line: bytes) -> bool:
        """Add a row unless the page is full."""
        full = len(self.result.lines) >= self._wanted.limit
        if full or (self.result.lines and self._size + len(line) >= self._wanted.max_bytes):
            return False
        self.result.lines.append(line)
        self._size += len(line) + 1
        return True

    @property
    def room(self) -> int:
        """How many more rows it can take."""
        return self._wanted.limit - len(self.result.lines)

    def end_at(self, cursor: Cursor) -> RowPage:
        """The page, which another one follows."""
        if not self.result.lines:
            raise Unavailable(
                "very many rows are still being folded; ask again",
                code="storage_busy",
                retry_after_s=2,
            )
        self.result.next = cursor
        return self.result


class _Upwards:
    """One page in append order."""

    def __init__(self, rows: DatasetRows, wanted: PageRequest) -> None:
        self._rows = rows
        self._page = _Page(wanted)

    def page(self, cursor: Cursor, passed: Passed | None = None) -> RowPage:
        """The page from a place on, of what was not passed."""
        passed = passed or Passed(cursor)
        for row, reached in self._rows.folded(cursor.volume, cursor.offset):
            out = self._rows.hides(row) or _was_passed(passed, row)
            if not out and not self._page.take(row.line):
                return self._page.end_at(passed.at(cursor))
            cursor = cursor.at(*reached)
        return self._pending(cursor, passed)

    def _pending(self, cursor: Cursor, passed: Passed) -> RowPage:
        for segment, lines in _unpassed(self._rows, self._rows.pending, passed, self._page):
            batch_id = segment.name.batch_id
            before = passed.rows_of(batch_id) or 0
            if len(passed) >= MAX_PASSED and self._page.result.lines:
                return self._page.end_at(passed.at(cursor))
            for number, line in enumerate(lines):
                if number >= before and not self._page.take(line):
                    passed.add(batch_id, number)
                    return self._page.end_at(passed.at(cursor))
            passed.add(batch_id)
        return self._page.result


def _was_passed(passed: Passed, row: StoredLine) -> bool:
    """Whether a folded row was passed when it was pending; its batch is left behind then."""
    if not passed:
        return False
    count = passed.rows_of(row.batch_id)
    if count == 0:
        return False
    passed.leave_behind(row.batch_id)
    return count is None or row.ordinal_here < count


class _Downwards:
    """One page from the newest row on."""

    def __init__(self, rows: DatasetRows, wanted: PageRequest) -> None:
        self._rows = rows
        self._page = _Page(wanted)

    def page(self, start: Cursor | None) -> RowPage:
        """The page from a place on; without one from the newest row."""
        cursor = start or self._newest()
        if cursor.newest:
            if not self._beyond(cursor):
                return self._page.result
            cursor = Cursor(cursor.epoch, cursor.volume, cursor.offset)
        for row, reached in self._rows.folded_backwards(cursor.volume, cursor.offset):
            if not self._rows.hides(row) and not self._page.take(row.line):
                return self._page.end_at(cursor)
            cursor = cursor.at(*reached)
        return self._page.result

    def _newest(self) -> Cursor:
        pending = self._rows.pending
        newest = pending[-1].name.batch_id if pending else ""
        return Cursor(self._rows.epoch, *self._rows.end, newest=newest)

    def _beyond(self, cursor: Cursor) -> bool:
        """Take what was pending at the first page, whether folded since or not.

        Returns False when the page is full.
        """
        passed = Passed(cursor)
        for batch_id, lines in self._batches(cursor, passed):
            before = passed.rows_of(batch_id)
            if before is None:
                continue
            if len(passed) >= MAX_PASSED and self._page.result.lines:
                self._page.end_at(passed.at(cursor))
                return False
            for number, line in enumerate(reversed(lines)):
                if number >= before and not self._page.take(line):
                    passed.add(batch_id, number)
                    self._page.end_at(passed.at(cursor))
                    return False
            passed.add(batch_id)
        return True

    def _batches(self, cursor: Cursor, passed: Passed) -> Iterator[tuple[str, list[bytes]]]:
        """Batches beyond the place up to the newest of the first page, newest first."""
        pending = [each for each in self._rows.pending if each.name.batch_id <= cursor.newest]
        for segment, lines in _unpassed(self._rows, pending[::-1], passed, self._page):
            yield segment.name.batch_id, lines
        yield from reversed(self._folded_since(cursor).items())

    def _folded_since(self, cursor: Cursor) -> dict[str, list[bytes]]:
        batches: dict[str, list[bytes]] = {}
        scanned = 0
        for row, _ in self._rows.folded(cursor.volume, cursor.offset):
            scanned += len(row.line)
            if scanned > _MAX_SCANNED_BYTES:
                raise mismatch("too much was added since this cursor was given out")
            if row.batch_id <= cursor.newest and not self._rows.hides(row):
                batches.setdefault(row.batch_id, []).append(row.line)
        return batches


def _unpassed(
    rows: DatasetRows, segments: list[PendingSegment], passed: Passed, page: _Page
) -> Iterator[tuple[PendingSegment, list[bytes]]]:
    """The segments that were not passed, with their rows, for a caller that passes each.

    No more are fetched than the page needs, as far as their names say.
    """
    while wanted := _filling(segments, passed, page.room):
        yield from rows.lines_of(wanted)


def _filling(segments: list[PendingSegment], passed: Passed, room: int) -> list[PendingSegment]:
    """The next segments with enough rows to fill the room, and one row more, by which the page
    knows that another follows.
    """
    wanted: list[PendingSegment] = []
    for segment in segments:
        before = passed.rows_of(segment.name.batch_id)
        if before is not None and room >= 0:
            wanted.append(segment)
            room -= segment.name.rows - before
    return wanted


def _cursor_of_last(rows: DatasetRows, count: int) -> tuple[Cursor, Passed]:
    """Where the last `count` rows begin."""
    cursor = Cursor(rows.epoch, *rows.end)
    passed = Passed(cursor)
    before = sum(segment.name.rows for segment in rows.pending) - count
    if before >= 0:
        for segment in rows.pending:
            whole = before >= segment.name.rows
            passed.add(segment.name.batch_id, None if whole else before)
            before -= min(before, segment.name.rows)
        return cursor, passed
    scanned = 0
    for row, reached in rows.folded_backwards(*rows.end):
        if before == 0:
            break
        scanned += len(row.line)
        if scanned > _MAX_SCANNED_BYTES:
            raise MalformedInput(
                "these rows are too large for a tail; ask for fewer", code="tail_too_large"
            )
        before += not rows.hides(row)
        cursor = cursor.at(*reached)
    return cursor, passed
