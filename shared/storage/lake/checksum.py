"""What proves that one version of a dataset's object begins with the bytes of another."""

import zlib

from shared.aws import Bucket

# How much of a volume is read at a time.
CHUNK_BYTES = 8 * 2**20


def crc_of(bucket: Bucket, key: str, version_id: str, size: int) -> int:
    """The CRC-32 of the first `size` bytes of a version, read in pieces. Raises ObjectMissing."""
    crc = 0
    for start in range(0, size, CHUNK_BYTES):
        end = min(start + CHUNK_BYTES, size)
        crc = zlib.crc32(bucket.get(key, version_id=version_id, start=start, end=end), crc)
    return crc
