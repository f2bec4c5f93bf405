"""Volumes: how the folded rows of a dataset grow, by versions of an object.

Nothing that is committed is ever changed: the next rows make another version of the object.
"""

import zlib

import msgspec

from shared import clock
from shared.aws import Bucket, VersionedObject
from shared.storage.log.object_keys import dataset_object_key
from shared.storage.log.records import DatasetRecord, Volume
from shared.storage.log.user_log import UserLog

# How much of a volume is read at a time.
CHUNK_BYTES = 8 * 2**20
# S3 copies parts of at least 5 MiB; a smaller base is cheaper to rewrite.
COPY_FROM_BYTES = 5 * 2**20
# A copy is bounded by starting another volume.
VOLUME_BYTES = 256 * 2**20
# Versions of a volume that readers may still hold. Older ones are deleted: the next begins
# with the same bytes, so that every state of the recovery window can be cut out of it.
SUPERSEDED_KEPT = 2
_LINES = "application/x-ndjson"


def flush_rows(log: UserLog, record: DatasetRecord, pieces: list[bytes]) -> DatasetRecord:
    """The dataset with pieces (JSON lines) appended, as new versions that no commit names yet."""
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
        columns=volume.columns,
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


def crc_of(bucket: Bucket, key: str, version_id: str, size: int) -> int:
    """The CRC-32 of the first `size` bytes of a version, read in pieces. Raises ObjectMissing."""
    crc = 0
    for start in range(0, size, CHUNK_BYTES):
        end = min(start + CHUNK_BYTES, size)
        crc = zlib.crc32(bucket.get(key, version_id=version_id, start=start, end=end), crc)
    return crc
