"""Where objects of a user stand in the bucket, of both layers.

The erasure of an account looks through all of it without loading the lake (`storage_traces`).
"""

from shared import ids
from shared.aws import Bucket, Table
from shared.storage.log.records import partition
from shared.traces import Items, Objects, Place, Uploads

SEGMENTS_PREFIX = "segments/"
FOLDED_PREFIX = "folded/"
QUARANTINE_PREFIX = "quarantine/"
DATASETS_PREFIX = "data/users/"
RUNS_PREFIX = "runs/"
ROLLUPS_PREFIX = "rollups/"


def dataset_object_key(user_id: str, dataset: str, volume: int = 0) -> str:
    """The key of a volume of a dataset's rows; the first volume has the published name."""
    stem = f"{DATASETS_PREFIX}{user_id}/datasets/{dataset}"
    return f"{stem}.jsonl" if volume == 0 else f"{stem}/{volume:06d}.jsonl"


def row_columns_key(user_id: str, dataset: str) -> str:
    """A new key for columns of rows of a dataset."""
    return f"{DATASETS_PREFIX}{user_id}/datasets/{dataset}/columns/{ids.ulid()}.parquet"


def part_key(user_id: str, day: str, generation: int) -> str:
    """A new key for a part; it names the generation."""
    return f"{RUNS_PREFIX}user={user_id}/date={day}/{generation:012d}-{ids.ulid()}.parquet"


def rollup_key(user_id: str, of: str, generation: int) -> str:
    """A new key for a rollup of a day or month (`date=…`, `month=…`)."""
    return f"{ROLLUPS_PREFIX}user={user_id}/{of}/{generation:012d}-{ids.ulid()}.parquet"


def storage_traces(bucket: Bucket, catalog: Table) -> tuple[Place, ...]:
    """Every place that keeps something of a user, for `shared.traces`, in the order in which data
    moves: what is folded while it is removed is found further on.
    """
    return (
        Objects(bucket, "segments", f"{SEGMENTS_PREFIX}{{}}/"),
        Objects(bucket, "folded_segments", f"{FOLDED_PREFIX}{{}}/"),
        Uploads(bucket, "uploads", f"{DATASETS_PREFIX}{{}}/"),
        Objects(bucket, "datasets", f"{DATASETS_PREFIX}{{}}/"),
        Objects(bucket, "runs", f"{RUNS_PREFIX}user={{}}/"),
        Objects(bucket, "rollups", f"{ROLLUPS_PREFIX}user={{}}/"),
        Objects(bucket, "quarantined_segments", f"{QUARANTINE_PREFIX}{{}}/"),
        Items(catalog, "catalog_entries", partition("{}")),
    )
