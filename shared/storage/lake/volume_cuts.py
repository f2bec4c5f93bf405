"""Takes the rows of one batch out of a dataset's volumes."""

from typing import NamedTuple

import msgspec

from shared.aws import Bucket
from shared.storage.lake.volumes import CHUNK_BYTES, crc_of
from shared.storage.log.records import Backfill, DatasetRecord, Volume
from shared.storage.log.row_members import line_ending

# Walks that began more cuts ago must begin again.
CUTS_KEPT = 100


class Cut(NamedTuple):
    """Adjoining rows of a volume: where they begin and end, and how many they are."""

    start: int
    end: int
    rows: int


def find_rows(bucket: Bucket, record: DatasetRecord, batch_id: str) -> tuple[int, Cut] | None:
    """The volume with the batch's rows, newest first, and where in it they lie."""
    for number in reversed(range(len(record.volumes))):
        cut = _find_in(bucket, record.volumes[number], batch_id)
        if cut:
            return number, cut
    return None


def _find_in(bucket: Bucket, volume: Volume, batch_id: str) -> Cut | None:
    ending = line_ending(batch_id)
    rest, at, place, start, rows = b"", 0, 0, -1, 0
    while at < volume.bytes:
        end = min(at + CHUNK_BYTES, volume.bytes)
        piece = rest + bucket.get(volume.key, version_id=volume.version_id, start=at, end=end)
        at = end
        body, newline, rest = piece.rpartition(b"\n")
        body += newline
        if start < 0 and ending not in body:
            place += len(body)
            continue
        for line in body.splitlines(keepends=True):
            if line.endswith(ending):
                start, rows = (place if start < 0 else start), rows + 1
            elif start >= 0:
                return Cut(start, place, rows)
            place += len(line)
    return None if start < 0 else Cut(start, place, rows)


def without_rows(bucket: Bucket, volume: Volume, cut: Cut) -> Volume:
    """The volume without these rows, stored as another version; no version when none is left.

    Columns of rows before them stay.
    """
    size = volume.bytes - (cut.end - cut.start)
    version_id = ""
    if size:
        stored = bucket.put_cut(volume.key, volume.version_id, volume.bytes, cut.start, cut.end)
        version_id = stored.version_id
    return Volume(
        key=volume.key,
        version_id=version_id,
        rows=volume.rows - cut.rows,
        bytes=size,
        crc=crc_of(bucket, volume.key, version_id, size),
        columns=tuple(each for each in volume.columns if each.end <= cut.start),
    )


def with_volume(record: DatasetRecord, number: int, volume: Volume, cut: Cut) -> DatasetRecord:
    """The dataset whose volume is a shorter one: a new epoch, which remembers the cut."""
    volumes = (*record.volumes[:number], volume, *record.volumes[number + 1 :])
    backfill = record.backfill and _moved(record.backfill, number, cut)
    return msgspec.structs.replace(
        record,
        volumes=volumes,
        epoch=record.epoch + 1,
        cuts=(*record.cuts, (record.epoch + 1, number, cut.start, cut.end))[-CUTS_KEPT:],
        backfill=backfill,
    )


def _moved(backfill: Backfill, number: int, cut: Cut) -> Backfill:
    """The backfill's place after rows before it, or around it, were taken out."""
    if backfill.volume != number or backfill.offset <= cut.start:
        return backfill
    if backfill.offset < cut.end:
        return msgspec.structs.replace(backfill, offset=cut.start, batch_id="", ordinal=0)
    return msgspec.structs.replace(backfill, offset=backfill.offset - (cut.end - cut.start))
