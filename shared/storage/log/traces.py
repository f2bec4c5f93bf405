"""Where the storage keeps something of a user: segments, datasets, runs, and the catalog of them.

In the order in which data moves, so that what is folded while it is removed is found further on.
"""

from shared.aws import Bucket, Table
from shared.storage.log.archive import FOLDED_PREFIX
from shared.storage.log.records import partition
from shared.storage.log.segments import PREFIX
from shared.traces import Items, Objects, Place, Uploads

# The modules that write the others need DuckDB; a test holds these names against theirs.
_DATASETS = "data/users/{}/"


def storage_traces(bucket: Bucket, catalog: Table) -> tuple[Place, ...]:
    """Every place, for `shared.traces`."""
    return (
        Objects(bucket, "segments", f"{PREFIX}{{}}/"),
        Objects(bucket, "folded_segments", f"{FOLDED_PREFIX}{{}}/"),
        Uploads(bucket, "uploads", _DATASETS),
        Objects(bucket, "datasets", _DATASETS),
        Objects(bucket, "runs", "runs/user={}/"),
        Objects(bucket, "rollups", "rollups/user={}/"),
        Objects(bucket, "quarantined_segments", "quarantine/{}/"),
        Items(catalog, "catalog_entries", partition("{}")),
    )
