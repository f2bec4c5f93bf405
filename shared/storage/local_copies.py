"""Local copies of objects that never change: Parquet parts and rollups.

They are kept in the function's scratch space between invocations, under their keys.
"""

from collections.abc import Mapping
from pathlib import Path

from shared.aws import Bucket, side_by_side
from shared.storage.scratch import Scratch

_SPACE_BYTES = 1_400 * 2**20


def local_copies(bucket: Bucket, sizes: Mapping[str, int]) -> dict[str, Path]:
    """The objects of these keys (and sizes in bytes) as files, fetched side by side.

    Raises ObjectMissing, and QueryTimedOut when the call's deadline passes meanwhile.
    """
    scratch = Scratch("evalyard-parts", _SPACE_BYTES)

    def fetch(key: str) -> Path:
        name = f"{bucket.name}/{key}"
        return scratch.obtain(name, sizes[key], lambda path: path.write_bytes(bucket.get(key)))

    paths = side_by_side(fetch, list(sizes), weight=sizes.__getitem__)
    return dict(zip(sizes, paths, strict=True))
