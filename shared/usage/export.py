"""The raw runs of a question as a file: in the answer while it is small, else on S3.

The whole of it comes from one snapshot, and nothing is ever cut off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from shared import clock, ids
from shared.aws import Bucket, File, file_url, store_file
from shared.clock import SECOND_US
from shared.storage.log import Catalog, Snapshot, UserLog, read_snapshot
from shared.usage.export_file import Export, ExportLimits, checked_rows, file_pieces, sorted_slices
from shared.usage.source import runs_table

PREFIX = "exports/"
# Long enough to begin a download; the template's lifecycle rule deletes the file.
URL_VALID_S = 900


@dataclass(frozen=True)
class Exported:
    """A file of `rows` runs and `size` bytes: its `body`, or a `url`, good until `expires_us`."""

    rows: int
    size: int
    body: bytes | None = None
    url: str = ""
    expires_us: int = 0


def export_runs(
    bucket: Bucket,
    catalog: Catalog,
    wanted: Export,
    *,
    limits: ExportLimits = ExportLimits(),
    fits: Callable[[bytes], bool] = lambda _: True,
) -> Exported:
    """All runs of the question, newest last, inline where they are few enough and the body `fits`.

    Raises ExportTooLarge where they cannot be written in time.
    """

    def read(snapshot: Snapshot) -> Exported:
        with runs_table(snapshot, wanted.query) as connection:
            rows = checked_rows(connection, limits.max_bytes)
            slices = sorted_slices(connection, wanted.query, rows, limits.slice_runs)
            with file_pieces(connection, wanted, slices) as pieces:
                head, is_whole = _up_to(limits.inline_bytes, pieces)
                if is_whole and fits(head):
                    return Exported(rows, len(head), head)
                return _stored(bucket, wanted, rows, chain([head], pieces))

    return read_snapshot(UserLog(bucket, catalog, wanted.query.user_id), read)


def _up_to(limit: int, pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """Pieces until they pass the limit, and whether they are all there are below it."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > limit:
            return b"".join(held), False
    return b"".join(held), True


def _stored(bucket: Bucket, wanted: Export, rows: int, pieces: Iterator[bytes]) -> Exported:
    key = f"{PREFIX}{wanted.query.user_id}/{ids.ulid()}.{wanted.format}"
    size = store_file(bucket, File(key, wanted.content_type, wanted.file_name), pieces)
    expires_us = clock.now_us() + URL_VALID_S * SECOND_US
    return Exported(rows, size, None, file_url(bucket, key, URL_VALID_S), expires_us)
