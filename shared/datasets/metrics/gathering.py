"""The rows of a dataset as local files: pending ones of one snapshot, volumes by version.

Only what may vanish is read inside the snapshot. Volumes are pinned by their versions,
so they are fetched afterwards, in ranges, and kept in the function's scratch space: a
commit meanwhile does not make all that work void.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from shared.aws import Bucket, side_by_side
from shared.datasets.adapters import Adapter, load_adapter
from shared.datasets.listing import DatasetNotFound
from shared.datasets.metrics.query import METRICS_MAX_BYTES
from shared.errors import TooLarge
from shared.storage.log import DatasetRecord, PendingSegment, Snapshot, Volume

_PIECE_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Gathered:
    """What a dataset has: its adapter, volumes, a local file of pending rows, undone batches."""

    adapter: Adapter | None
    volumes: tuple[Volume, ...]
    pending: Path
    undone: frozenset[str]


def gather(snapshot: Snapshot, dataset: str, pending: Path) -> Gathered:
    """Write the pending rows to a file, and say what else there is.

    Raises DatasetNotFound and TooLarge.
    """
    record = snapshot.dataset(dataset) or DatasetRecord(name=dataset)
    segments = snapshot.pending_of(dataset)
    adapter = load_adapter(snapshot.log.catalog.table, snapshot.log.user_id, dataset)
    if not (record.exists or adapter or segments):
        raise DatasetNotFound(dataset)
    if record.bytes > METRICS_MAX_BYTES:
        raise TooLarge(
            f"metrics read datasets of at most {METRICS_MAX_BYTES} bytes",
            code="dataset_too_large",
            limit_bytes=METRICS_MAX_BYTES,
        )
    snapshot.seal()
    _write_pending(snapshot, segments, pending)
    return Gathered(adapter, record.volumes, pending, snapshot.reverted_batches)


class Stretch(NamedTuple):
    """Adjoining rows of a volume, by the bytes of their lines."""

    volume: Volume
    start: int
    end: int

    @property
    def bytes(self) -> int:
        """How many bytes the lines have."""
        return self.end - self.start


def fetch_rows(bucket: Bucket, stretch: Stretch, target: Path) -> None:
    """Write rows of a volume to a file, a few pieces at a time. Raises ObjectMissing."""
    volume = stretch.volume

    def fetch(start: int) -> None:
        end = min(start + _PIECE_BYTES, stretch.end)
        body = bucket.get(volume.key, version_id=volume.version_id, start=start, end=end)
        os.pwrite(file.fileno(), body, start - stretch.start)

    starts = range(stretch.start, stretch.end, _PIECE_BYTES)
    with target.open("wb") as file:
        for _ in side_by_side(fetch, starts, weight=lambda _: _PIECE_BYTES):
            pass


def rows_name(bucket: Bucket, stretch: Stretch, *made: str) -> str:
    """The file name of rows of a volume, or of something made from them, in scratch space."""
    volume, start, end = stretch
    return scratch_name(bucket, volume.key, volume.version_id, f"{start}-{end}", *made)


def scratch_name(bucket: Bucket, *facts: str) -> str:
    """A file name in scratch space, as short as file systems take, that stands for these facts."""
    return hashlib.sha256("\n".join([bucket.name, *facts]).encode()).hexdigest()


def _write_pending(snapshot: Snapshot, segments: list[PendingSegment], target: Path) -> None:
    with target.open("wb") as file:
        for _, lines in snapshot.pending_rows(segments):
            file.writelines(_ended(lines))


def _ended(lines: list[bytes]) -> Iterator[bytes]:
    return (line + b"\n" for line in lines)
