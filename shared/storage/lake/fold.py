"""How folded rows and runs grow: a dataset by versions of an object, a day by parts.

Nothing that is committed is ever changed: a dataset's next version is another
version of the object, a day's next part another object.
"""

import zlib

import msgspec

from shared import clock, ids
from shared.aws import Bucket, VersionedObject
from shared.runs import Run
from shared.segment_ids import is_named_by_batch
from shared.storage.lake.checksum import crc_of
from shared.storage.lake.parquet import parquet_of
from shared.storage.log.records import (
    Checkpoint,
    DatasetRecord,
    DayRecord,
    Part,
    Volume,
    dataset_object_key,
)
from shared.storage.log.user_log import UserLog

# S3 copies parts of at least 5 MiB; a smaller base is cheaper to rewrite.
COPY_FROM_BYTES = 5 * 2**20
# A copy is bounded by starting another volume.
VOLUME_BYTES = 256 * 2**20
# Versions of a volume that readers may still hold. Older ones are deleted: the next begins
# with the same bytes, so that every state of the recovery window can be cut out of it.
SUPERSEDED_KEPT = 2
# Parts of one day that may wait to be rolled up and merged.
CROWDED_AT_PARTS = 8
PARQUET = "application/vnd.apache.parquet"
_LINES = "application/x-ndjson"


def fold_rows(log: UserLog, record: DatasetRecord, pieces: list[bytes]) -> DatasetRecord:
    """The dataset with pieces (JSON lines) appended, as new versions nobody refers to yet."""
    now = clock.now_us()
    tail = b"".join(pieces)
    last = record.volumes[-1] if record.volumes else None
    if last is None or last.bytes >= VOLUME_BYTES:
        key = dataset_object_key(log.user_id, record.name, len(record.volumes))
        empty = Volume(key=key, version_id="", rows=0, bytes=0)
        volumes = (*record.volumes, _grown(log.bucket, empty, tail))
    else:
        volumes = (*record.volumes[:-1], _grown(log.bucket, last, tail))
    return msgspec.structs.replace(
        record, volumes=volumes, created_us=record.created_us or now, updated_us=now
    )


def _grown(bucket: Bucket, volume: Volume, tail: bytes) -> Volume:
    if volume.bytes >= COPY_FROM_BYTES:
        base = VersionedObject(volume.key, volume.version_id)
        stored = bucket.put_grown(volume.key, base, tail)
        before = _known_crc(bucket, volume)
    else:
        body = volume.bytes and bucket.get(volume.key, version_id=volume.version_id)
        stored = bucket.put(volume.key, (body or b"") + tail, _LINES)
        before = zlib.crc32(body or b"")
    return Volume(
        key=volume.key,
        version_id=stored.version_id,
        rows=volume.rows + tail.count(b"\n"),
        bytes=volume.bytes + len(tail),
        superseded=superseding(volume),
        crc=zlib.crc32(tail, before),
    )


def _known_crc(bucket: Bucket, volume: Volume) -> int:
    if volume.crc is not None:
        return volume.crc
    return crc_of(bucket, volume.key, volume.version_id, volume.bytes)


def superseding(volume: Volume) -> tuple[str, ...]:
    """The versions that readers may hold once the given one is superseded.

    One without a CRC is not among them, and so never deleted by a fold: nothing would prove
    that a longer version begins with it.
    """
    provable = volume.version_id and volume.crc is not None
    held = (volume.version_id, *volume.superseded) if provable else volume.superseded
    return held[:SUPERSEDED_KEPT]


def fold_day(log: UserLog, record: DayRecord, runs: list[Run], generation: int) -> DayRecord:
    """The day with another part, of these runs."""
    body = parquet_of(runs)
    key = part_key(log.user_id, record.day, generation)
    log.bucket.put(key, body, PARQUET)
    instants = [run.ts_us for run in runs]
    batches = [run.batch_id for run in runs if run.batch_id] or [""]
    part = Part(
        key=key,
        rows=len(runs),
        bytes=len(body),
        min_us=min(instants),
        max_us=max(instants),
        min_batch=min(batches),
        max_batch=max(batches),
        foreign=not all(is_named_by_batch(run.run_id, run.batch_id) for run in runs),
    )
    return msgspec.structs.replace(record, parts=(*record.parts, part))


def with_crowded(after: Checkpoint, days: list[DayRecord]) -> Checkpoint:
    """The checkpoint, naming those of the folded days that have many parts to roll up."""
    crowded = {day.day for day in days if len(day.fresh) >= CROWDED_AT_PARTS}
    return msgspec.structs.replace(after, crowded=tuple(sorted({*after.crowded, *crowded})))


def part_key(user_id: str, day: str, generation: int) -> str:
    """A key for a part that nobody used before; it tells the generation."""
    return f"runs/user={user_id}/date={day}/{generation:012d}-{ids.ulid()}.parquet"
