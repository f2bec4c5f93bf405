"""Columns of a dataset's folded rows, for readers that would parse every row otherwise.

A fold makes them of whole stretches of a volume and commits them with it. A small dataset has
none; neither have rows of which none can be made. Nothing needs them: whatever they do not cover is
read from the rows, so they are dropped wherever it is not plain that they hold.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shared.aws import ObjectMissing
from shared.errors import DependencyFailed
from shared.observability import logger
from shared.storage.lake.parts import PARQUET
from shared.storage.log.object_keys import row_columns_key
from shared.storage.log.records import DatasetRecord, RowColumns, Volume
from shared.storage.log.user_log import UserLog

# Parsing as many rows takes a question a third of a second, and a fold as long.
STRETCH_BYTES = 32 * 2**20
# A fold has rows for two; where older rows have no columns yet, it makes one more.
STRETCHES_A_FOLD = 3


@dataclass(frozen=True)
class ColumnsWriter:
    """How columns are made.

    `write` makes a file of columns of a file of rows of a dataset; false where these have none.
    `made_by` names what it does: others' columns are made again. Nothing reads the columns of
    a dataset with more than `most_bytes`, whose record would name too many.
    """

    most_bytes: int
    made_by: Callable[[], str]
    write: Callable[[UserLog, str, Path, Path], bool]


def with_row_columns(
    log: UserLog, datasets: list[DatasetRecord], writer: ColumnsWriter
) -> list[DatasetRecord]:
    """The datasets with columns of more of their rows, that no commit names yet."""
    left = STRETCHES_A_FOLD
    found = []
    for record in datasets:
        made = record
        while left and (longer := _longer(log, made, writer)):
            made, left = longer, left - 1
        found.append(made)
    return found


def _longer(log: UserLog, record: DatasetRecord, writer: ColumnsWriter) -> DatasetRecord | None:
    """The dataset with columns of one more stretch of its rows; None where no rows fill one."""
    if record.bytes > writer.most_bytes:
        return None
    for number, volume in enumerate(record.volumes):
        if volume.bytes < STRETCH_BYTES:
            continue
        kept = _current(volume, writer.made_by())
        start = kept[-1].end if kept else 0
        if volume.bytes - start < STRETCH_BYTES:
            continue
        more = _made(log, record.name, volume, start, writer)
        if more is None:
            continue
        grown = msgspec.structs.replace(volume, columns=(*kept, more))
        volumes = (*record.volumes[:number], grown, *record.volumes[number + 1 :])
        return msgspec.structs.replace(record, volumes=volumes)
    return None


def _current(volume: Volume, made_by: str) -> tuple[RowColumns, ...]:
    """The columns of the first stretches that need not be made again."""
    for number, columns in enumerate(volume.columns):
        if columns.made_by != made_by:
            return volume.columns[:number]
    return volume.columns


def _made(
    log: UserLog, dataset: str, volume: Volume, start: int, writer: ColumnsWriter
) -> RowColumns | None:
    """Columns of the next stretch; None where its rows are not there, which is for readers to find,
    or have no end, as no row is as long.
    """
    end = start + STRETCH_BYTES
    try:
        body = log.bucket.get(volume.key, version_id=volume.version_id, start=start, end=end)
    except ObjectMissing:
        return None
    rows = body[: body.rfind(b"\n") + 1]
    if not rows:
        return None
    stretch = RowColumns(end=start + len(rows), made_by=writer.made_by())
    parquet = _parquet(log, dataset, rows, writer)
    if not parquet:
        return stretch
    key = row_columns_key(log.user_id, dataset)
    log.bucket.put(key, parquet, PARQUET)
    return msgspec.structs.replace(stretch, key=key, bytes=len(parquet))


def _parquet(log: UserLog, dataset: str, rows: bytes, writer: ColumnsWriter) -> bytes:
    """The columns of rows; nothing where they have none."""
    with tempfile.TemporaryDirectory(prefix="columns-") as folder:
        source, target = Path(folder) / "rows.jsonl", Path(folder) / "columns.parquet"
        source.write_bytes(rows)
        try:
            return target.read_bytes() if writer.write(log, dataset, source, target) else b""
        except (DependencyFailed, MemoryError):
            raise
        except Exception:
            # The last resort: rows are folded whether or not they have columns.
            logger().exception("row_columns_failed", user_id=log.user_id, dataset=dataset)
            return b""
