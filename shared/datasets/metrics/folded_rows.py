"""The folded rows of a volume as SQL: from the columns that folds kept, and, where there are none
that answer, from the rows themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from shared.aws import Bucket, ObjectMissing, side_by_side
from shared.datasets.metrics.extraction import MAX_CANDIDATES, discovered_in, extract
from shared.datasets.metrics.gathering import Stretch, fetch_rows, rows_name, scratch_name
from shared.datasets.metrics.mapping import Mapping
from shared.datasets.metrics.row_columns import FoundColumns, made_by
from shared.storage.lake import Scratch
from shared.storage.log import RowColumns, Volume

# Enough for the largest dataset that metrics read, in volumes and in columns.
SCRATCH_BYTES = 1_500 * 2**20
# Columns take about a third of the lines that they are made from.
_COLUMNS_SHARE = 3


def extracted(file: Path) -> str:
    """SQL: what `extract` wrote, with `line`, the place of a row."""
    return (
        "SELECT file_row_number AS line, * EXCLUDE (file_row_number) "
        f"FROM read_parquet('{file}', file_row_number = true)"
    )


@dataclass(frozen=True)
class FoldedRows:
    """The folded rows of a dataset for one question."""

    connection: duckdb.DuckDBPyConnection
    bucket: Bucket
    mapping: Mapping
    scratch: Scratch = field(
        default_factory=lambda: Scratch("evalyard-volumes", SCRATCH_BYTES), init=False
    )

    def sources(self, volume: Volume) -> list[str]:
        """SQL for adjoining rows of a volume, in their order. Raises ObjectMissing."""
        pieces = list(_merged(volume, self._kept(volume)))
        if self.mapping.discovers and not self._discovers_all(pieces):
            pieces = [_Piece(Stretch(volume, 0, volume.bytes), None)]
        return [self._sql(piece) for piece in pieces]

    def _sql(self, piece: "_Piece") -> str:
        known = piece.columns and piece.columns.select(self.mapping)
        return known or extracted(self._extracted(piece.stretch))

    def _kept(self, volume: Volume) -> list[FoundColumns | None]:
        """By stretch, the columns that say what the mapping asks for."""
        files = side_by_side(self._file, volume.columns, weight=lambda columns: columns.bytes)
        return [None if file is None else self._opened(file) for file in files]

    def _file(self, columns: RowColumns) -> Path | None:
        """A local copy of columns, if they can be read."""
        if not columns.key or columns.made_by != made_by():
            return None
        try:
            return self.scratch.obtain(
                scratch_name(self.bucket, columns.key),
                columns.bytes,
                lambda path: path.write_bytes(self.bucket.get(columns.key)),
            )
        except ObjectMissing:
            # The rows may still be there.
            return None

    def _opened(self, file: Path) -> FoundColumns | None:
        found = FoundColumns.open(self.connection, file)
        return found if found.select(self.mapping) else None

    def _discovers_all(self, pieces: list["_Piece"]) -> bool:
        """Whether the pieces have each series that the rows of a whole volume would have.

        Which of very many keys, and which nested numbers, become series depends on all of them.
        """
        covered = [piece.columns for piece in pieces if piece.columns]
        parsed = [piece.stretch for piece in pieces if not piece.columns]
        if not covered or len(parsed) > 1 or any(columns.nested for columns in covered):
            return not covered and len(parsed) == 1
        found: set[str] = set().union(*(each.candidates(self.mapping) for each in covered))
        for stretch in parsed:
            more = discovered_in(self.connection, self._extracted(stretch), self.mapping)
            if len(more) == MAX_CANDIDATES:
                return False
            found |= more
        return len(found) <= MAX_CANDIDATES

    def _extracted(self, stretch: Stretch) -> Path:
        """A file of columns that are made of the rows themselves."""

        def fill(target: Path) -> None:
            lines = self.scratch.obtain(
                rows_name(self.bucket, stretch),
                stretch.bytes,
                lambda path: fetch_rows(self.bucket, stretch, path),
            )
            extract(self.connection, self.mapping, lines, target)
            self.scratch.release(lines)

        name = rows_name(self.bucket, stretch, msgspec.json.encode(self.mapping).decode())
        return self.scratch.obtain(name, stretch.bytes // _COLUMNS_SHARE, fill)


class _Piece(NamedTuple):
    """Adjoining rows, and their columns if a fold kept them."""

    stretch: Stretch
    columns: FoundColumns | None


def _merged(volume: Volume, kept: Sequence[FoundColumns | None]) -> Iterator[_Piece]:
    """The pieces of a volume: each stretch that has columns, and all rows between two of them."""
    start = end = 0
    for stretch, columns in zip(volume.columns, kept, strict=True):
        if columns:
            if start < end:
                yield _Piece(Stretch(volume, start, end), None)
            yield _Piece(Stretch(volume, end, stretch.end), columns)
            start = stretch.end
        end = stretch.end
    if start < volume.bytes:
        yield _Piece(Stretch(volume, start, volume.bytes), None)
