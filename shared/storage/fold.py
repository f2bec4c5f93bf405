"""How folded rows and runs grow: a dataset by versions of an object, a day by parts.

Nothing that is committed is ever changed: a dataset's next version is another
version of the object, a day's next part another object.
"""

from shared import clock, ids
from shared.aws import Bucket, VersionedObject
from shared.runs import Run
from shared.storage.catalog import DatasetRecord, DayRecord, Part, Volume
from shared.storage.parquet import parquet_of

# S3 copies parts of at least 5 MiB; a smaller base is cheaper to rewrite.
COPY_FROM_BYTES = 5 * 2**20
# A copy is bounded by starting another volume.
VOLUME_BYTES = 256 * 2**20
# Parts of one day before they are merged into one, and how large a part may be to be merged.
MERGE_AT_PARTS = 8
MERGE_BELOW_BYTES = 16 * 2**20


def dataset_object_key(user_id: str, dataset: str, volume: int = 0) -> str:
    """Where a dataset's rows lie; the first volume has the published name."""
    stem = f"data/users/{user_id}/datasets/{dataset}"
    return f"{stem}.jsonl" if volume == 0 else f"{stem}/{volume:06d}.jsonl"


def fold_rows(
    bucket: Bucket, user_id: str, name: str, record: DatasetRecord | None, pieces: list[bytes]
) -> DatasetRecord:
    """The dataset with pieces (JSON lines) appended, as new versions nobody refers to yet."""
    now = clock.now_us()
    record = record or DatasetRecord(name, created_us=now)
    tail = b"".join(pieces)
    count = tail.count(b"\n")
    *full, last = record.volumes or (None,)
    if last is None or last.bytes >= VOLUME_BYTES:
        key = dataset_object_key(user_id, name, len(record.volumes))
        stored = bucket.put(key, tail, "application/x-ndjson")
        grown = Volume(key, stored.version_id, count, len(tail))
        volumes = (*record.volumes, grown)
    else:
        stored = _grown(bucket, last, tail)
        grown = Volume(last.key, stored.version_id, last.rows + count, last.bytes + len(tail))
        volumes = (*(volume for volume in full if volume), grown)
    return DatasetRecord(name, volumes, record.created_us, now)


def _grown(bucket: Bucket, volume: Volume, tail: bytes) -> VersionedObject:
    if volume.bytes >= COPY_FROM_BYTES:
        return bucket.put_grown(volume.key, VersionedObject(volume.key, volume.version_id), tail)
    base = bucket.get(volume.key, version_id=volume.version_id)
    return bucket.put(volume.key, base + tail, "application/x-ndjson")


def fold_day(
    bucket: Bucket, user_id: str, record: DayRecord, runs: list[Run], generation: int
) -> DayRecord:
    """The day with another part; small parts are merged into it when there are many."""
    merged = _mergeable(record) if len(record.parts) + 1 >= MERGE_AT_PARTS else ()
    body = parquet_of(runs, [bucket.get(part.key) for part in merged])
    key = f"runs/user={user_id}/date={record.day}/{generation:012d}-{ids.ulid()}.parquet"
    bucket.put(key, body, "application/vnd.apache.parquet")
    instants = [run.ts_us for run in runs]
    part = Part(
        key,
        len(runs) + sum(old.rows for old in merged),
        len(body),
        min([*instants, *(old.min_us for old in merged)]),
        max([*instants, *(old.max_us for old in merged)]),
    )
    kept = tuple(old for old in record.parts if old not in merged)
    return DayRecord(record.day, (*kept, part))


def _mergeable(record: DayRecord) -> tuple[Part, ...]:
    return tuple(part for part in record.parts if part.bytes < MERGE_BELOW_BYTES)
