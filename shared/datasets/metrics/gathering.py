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

from shared.aws import Bucket, side_by_side
from shared.datasets.adapters import Adapter, load_adapter
from shared.datasets.listing import DatasetNotFound
from shared.errors import TooLarge
from shared.storage.log import DatasetRecord, PendingSegment, Snapshot, Volume

# About what an invocation of 30 s can fetch and read; volumes that it finished stay in scratch
# space, so that the next one goes on from there.
MAX_BYTES = 2**30
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
    if record.bytes > MAX_BYTES:
        raise TooLarge(
            f"metrics read datasets of at most {MAX_BYTES} bytes",
            code="dataset_too_large",
            limit_bytes=MAX_BYTES,
        )
    snapshot.seal()
    _write_pending(snapshot, segments, pending)
    return Gathered(adapter, record.volumes, pending, snapshot.reverted_batches)


def fetch_volume(bucket: Bucket, volume: Volume, target: Path) -> None:
    """Write a volume to a file, a few pieces at a time. Raises ObjectMissing."""

    def fetch(start: int) -> None:
        end = min(start + _PIECE_BYTES, volume.bytes)
        body = bucket.get(volume.key, version_id=volume.version_id, start=start, end=end)
        os.pwrite(file.fileno(), body, start)

    starts = range(0, volume.bytes, _PIECE_BYTES)
    with target.open("wb") as file:
        for _ in side_by_side(fetch, starts, weight=lambda _: _PIECE_BYTES):
            pass


def volume_name(bucket: Bucket, volume: Volume, *made: str) -> str:
    """The file name of a volume's version, or of something made from it, in scratch space."""
    facts = "\n".join([bucket.name, volume.key, volume.version_id, *made])
    return hashlib.sha256(facts.encode()).hexdigest()


def _write_pending(snapshot: Snapshot, segments: list[PendingSegment], target: Path) -> None:
    with target.open("wb") as file:
        for _, lines in snapshot.pending_rows(segments):
            file.writelines(_ended(lines))


def _ended(lines: list[bytes]) -> Iterator[bytes]:
    return (line + b"\n" for line in lines)
