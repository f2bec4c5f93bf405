"""Runs by the handful, stored as segments, folded or not."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from shared import ids
from shared.aws import Bucket
from shared.clock import SECOND_US, day_of
from shared.runs import Run
from shared.runs.schema import PARQUET_COLUMNS
from shared.storage.assembly import compactor
from shared.storage.lake.rollup_upkeep import RollupUpkeep
from shared.storage.log import Catalog, DayRecord, Part, SegmentLog, UserLog
from shared.storage.log.records import DAY_PREFIX, item_of


@dataclass
class Storage:
    """One AWS for many users."""

    bucket: Bucket
    catalog: Catalog

    def store(self, user_id: str, runs: list[Run], *, fold: bool) -> None:
        """Write runs as one segment, and fold it if asked."""
        SegmentLog(self.bucket).append(
            user_id, "", [], runs, segment_id=ids.ulid(), repeatable=False
        )
        if fold:
            compactor(UserLog(self.bucket, self.catalog, user_id)).drain(lambda: True)

    def store_many(self, user_id: str, start_us: int, count: int) -> None:
        """Put one part with ten runs a second there: run i took 1 + i % 1000 ms on device i % 7."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "part.parquet"
            duckdb.execute(f"COPY ({_many_sql(start_us, count)}) TO '{path}' (FORMAT parquet)")
            body = path.read_bytes()
        key = f"runs/user={user_id}/date={day_of(start_us)}/{1:012d}-{ids.ulid()}.parquet"
        self.bucket.put(key, body)
        end_us = start_us + (count - 1) * SECOND_US // 10
        part = Part(
            key=key, rows=count, bytes=len(body), min_us=start_us, max_us=end_us, foreign=False
        )
        record = DayRecord(day=day_of(start_us), parts=(part,))
        self.catalog.table.put(item_of(user_id, DAY_PREFIX + record.day, record))

    def tidy(self, user_id: str) -> None:
        """Do what the schedule does: roll up the user's days, and gather months."""
        RollupUpkeep(UserLog(self.bucket, self.catalog, user_id)).roll_up(lambda: True)


def _many_sql(start_us: int, count: int) -> str:
    given = {
        "run_id": "'run_' || i",
        "ts": f"make_timestamp({start_us} + i * {SECOND_US // 10})",
        "device": "'d' || (i % 7)",
        "latency_ms": "(1 + i % 1000)::DOUBLE",
        "ok": "true",
        "extra": "MAP {'x': i::DOUBLE}",
    }
    columns = [
        f"{given.get(name, f'NULL::{kind}')} AS {name}" for name, kind in PARQUET_COLUMNS.items()
    ]
    return f"SELECT {', '.join(columns)} FROM (SELECT range AS i FROM range({count}))"


@pytest.fixture
def storage(bucket, tables) -> Storage:
    """The storage of an empty deployment."""
    return Storage(bucket, Catalog(tables["CatalogTable"]))
