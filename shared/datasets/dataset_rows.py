"""The rows of a dataset in one snapshot: folded ones in both directions, and pending ones."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from shared.datasets.cursors import Cursor, mismatch
from shared.errors import MalformedInput
from shared.storage.log import (
    DatasetRecord,
    PendingSegment,
    Snapshot,
    Volume,
    batch_of_line,
)

_CHUNKS = (2**16, 2**18, 2**20)


class StoredLine(NamedTuple):
    """A folded row; `ordinal_here` counts the rows of its batch that were read before it."""

    line: bytes
    batch_id: str
    ordinal_here: int


class VolumeOffset(NamedTuple):
    """A volume and the bytes before a place in it."""

    volume: int
    offset: int


class DatasetRows(msgspec.Struct, frozen=True):
    """What a snapshot has of one dataset."""

    snapshot: Snapshot
    record: DatasetRecord
    pending: list[PendingSegment]
    undone: frozenset[str]

    @classmethod
    def of(cls, snapshot: Snapshot, dataset: str) -> "DatasetRows":
        """The rows of a dataset, which may be none."""
        record = snapshot.dataset(dataset) or DatasetRecord(name=dataset)
        return cls(snapshot, record, snapshot.pending_of(dataset), snapshot.reverted_batches)

    @property
    def exist(self) -> bool:
        """Whether there is, or was, any row."""
        return self.record.exists or bool(self.pending)

    @property
    def epoch(self) -> int:
        """Changes whenever rows are taken out."""
        return self.record.epoch

    def moved(self, cursor: Cursor) -> Cursor | None:
        """A cursor of an earlier epoch as it is now; None when it cannot be moved."""
        offset = self.record.moved(cursor.epoch, cursor.volume, cursor.offset)
        if offset is None:
            return None
        return msgspec.structs.replace(cursor, epoch=self.epoch, offset=offset)

    @property
    def end(self) -> VolumeOffset:
        """The place behind the folded rows."""
        if not self.record.volumes:
            return VolumeOffset(0, 0)
        return VolumeOffset(len(self.record.volumes) - 1, self.record.volumes[-1].bytes)

    def hides(self, row: StoredLine) -> bool:
        """Whether a folded row was taken back."""
        return bool(self.undone) and row.batch_id in self.undone

    def lines_of(
        self, segments: Sequence[PendingSegment]
    ) -> Iterator[tuple[PendingSegment, list[bytes]]]:
        """Pending segments with their rows."""
        return self.snapshot.pending_rows(segments)

    def folded(self, volume: int, offset: int) -> Iterator[tuple[StoredLine, VolumeOffset]]:
        """Folded rows from a place on, each with the place behind it."""
        batch_id, ordinal = "", 0
        for number in range(volume, len(self.record.volumes)):
            at = offset if number == volume else 0
            for line in self._lines(self.record.volumes[number], at):
                at += len(line) + 1
                found = batch_of_line(line)
                ordinal = ordinal + 1 if found == batch_id else 0
                batch_id = found
                yield StoredLine(line, batch_id, ordinal), VolumeOffset(number, at)

    def folded_backwards(
        self, volume: int, offset: int
    ) -> Iterator[tuple[StoredLine, VolumeOffset]]:
        """Folded rows before a place, the nearest first, each with the place before it."""
        for number in range(min(volume, len(self.record.volumes) - 1), -1, -1):
            stored = self.record.volumes[number]
            at = min(offset, stored.bytes) if number == volume else stored.bytes
            for line in self._lines_backwards(stored, at):
                at -= len(line) + 1
                yield StoredLine(line, batch_of_line(line), 0), VolumeOffset(number, at)

    def _lines(self, volume: Volume, at: int) -> Iterator[bytes]:
        """Lines from a line's beginning on. Raises MalformedInput where `at` is none."""
        # The line break before the place comes along, to see that it is there.
        rest, pieces, before = b"", 0, min(at, 1)
        while at < volume.bytes:
            end = min(at + _chunk(pieces), volume.bytes)
            piece = self.snapshot.volume_bytes(volume, at - before, end)
            if before and not piece.startswith(b"\n"):
                raise _inside_a_row()
            *lines, rest = (rest + piece[before:]).split(b"\n")
            yield from lines
            at, pieces, before = end, pieces + 1, 0

    def _lines_backwards(self, volume: Volume, at: int) -> Iterator[bytes]:
        """Lines before a line's beginning, the nearest first. Raises MalformedInput where
        `at` is none.
        """
        rest, pieces = b"", 0
        while at > 0:
            start = max(0, at - _chunk(pieces))
            piece = self.snapshot.volume_bytes(volume, start, at) + rest
            if not pieces and not piece.endswith(b"\n"):
                raise _inside_a_row()
            # What is before the first line break may begin in an earlier piece.
            lines = piece.split(b"\n")[:-1]
            rest = b"" if start == 0 else lines.pop(0) + b"\n"
            yield from reversed(lines)
            at, pieces = start, pieces + 1


def _inside_a_row() -> MalformedInput:
    return mismatch("this cursor leads into the middle of a row")


def _chunk(pieces: int) -> int:
    """A small page needs little; who reads on reads in larger pieces."""
    return _CHUNKS[min(pieces, len(_CHUNKS) - 1)]
