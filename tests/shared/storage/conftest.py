"""A small world of segments, in which every row says who it is."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import pytest

from shared import clock, ids
from shared.aws import Bucket
from shared.clock import DAY_US
from shared.datasets import Cursor, DatasetNotFound, PageRequest, list_datasets, read_rows
from shared.runs import Run
from shared.storage.assembly import compactor
from shared.storage.lake.parquet import connect
from shared.storage.log import Catalog, SegmentLog, UserLog, read_snapshot

NOON_US = clock.read_time("2025-12-03T12:00:00Z")


@dataclass
class World:
    """One user's storage beside a model of what must be in it."""

    bucket: Bucket
    catalog: Catalog
    user_id: str = "ada"
    rows: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    written: int = 0
    newest_us: int = 0

    @property
    def log(self) -> UserLog:
        """The user's log."""
        return UserLog(self.bucket, self.catalog, self.user_id)

    def _next_id(self) -> str:
        """An id behind those before: two of one millisecond are in no order."""
        self.newest_us = max(clock.now_us(), self.newest_us + 1_000)
        return ids.ulid(self.newest_us)

    def append(
        self,
        *,
        rows: int = 2,
        days: tuple[int, ...] = (0,),
        segment_id: str | None = None,
        dataset: str = "d",
        expect: bool = True,
    ) -> str:
        """Append rows and a run for each of the days; the segment's id."""
        repeatable = segment_id is not None
        segment_id = segment_id or self._next_id()
        batch_id = f"bat_{segment_id}"
        meta = f'"_meta_batch_id":"{batch_id}"'
        lines = [f'{{"id":"{segment_id}.{number}",{meta}}}' for number in range(rows)]
        run_ids = [f"run_{segment_id}_{number}" for number in range(len(days))]
        runs = [
            Run(
                run_id=run_id,
                ts_us=NOON_US + day * DAY_US,
                model="m",
                dataset=dataset,
                extra={"x": 1.0},
                batch_id=batch_id,
            )
            for run_id, day in zip(run_ids, days, strict=True)
        ]
        self.written += 1
        SegmentLog(self.bucket).append(
            self.user_id,
            dataset,
            [line.encode() for line in lines],
            runs,
            segment_id=segment_id,
            repeatable=repeatable,
        )
        if expect:
            self.rows.update(lines)
            self.runs.update(run_ids)
        return segment_id

    def compact(self) -> int:
        """Fold everything."""
        return compactor(self.log).drain(lambda: True)

    def read_rows(self, dataset: str = "d", page: int = 1_000) -> Counter[str]:
        """All rows as a reader pages through them."""
        lines = read_all_rows(self.log, dataset, page)
        return Counter(lines)

    def read_runs(self) -> Counter[str]:
        """All runs: of the committed parts, and pending."""
        return read_all_runs(self.log)

    def listed_rows(self) -> int:
        """How many rows the list of datasets says there are."""
        return sum(entry.rows for entry in list_datasets(self.log))

    def agrees(self) -> bool:
        """Whether every reader finds exactly what was written."""
        return (
            self.read_rows() == self.rows
            and self.read_runs() == self.runs
            and self.listed_rows() == self.rows.total()
        )


def read_all_rows(log, dataset, page, order="asc", between=lambda: None) -> list[str]:
    """The rows of a dataset as a reader finds them page by page."""
    found: list[str] = []
    start: Cursor | None = None
    while True:
        try:
            got = read_rows(log, dataset, PageRequest(page, order), start)
        except DatasetNotFound:
            return found
        found += [line.decode() for line in got.lines]
        start = got.next
        if start is None:
            return found
        between()


def read_all_runs(log) -> Counter[str]:
    """The ids of all runs that a reader finds."""

    def runs_of(snapshot) -> Counter[str]:
        days = snapshot.days("0000-01-01", "9999-12-31")
        found = Counter(run.run_id for run in snapshot.pending_runs())
        for part in (part for day in days for part in day.parts):
            snapshot.seal()
            body = snapshot.log.bucket.get(part.key)
            run_ids = _run_ids(body)
            assert len(run_ids) == part.rows
            hiding = [
                tombstone.condition()
                for tombstone in snapshot.tombstones
                if tombstone.concerns(part)
            ]
            hidden = {
                run_id
                for condition, values in hiding
                for run_id in _run_ids(body, condition, tuple(values))
            }
            found.update(run_id for run_id in run_ids if run_id not in hidden)
        return found

    return read_snapshot(log, runs_of)


@lru_cache(maxsize=2_000)
def _run_ids(parquet: bytes, condition: str = "true", parameters=()) -> list[str]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, connect() as connection:
        file.write(parquet)
        file.flush()
        sql = f"SELECT run_id FROM '{file.name}' WHERE {condition}"
        found = connection.execute(sql, list(parameters)).fetchall()
    return [run_id for (run_id,) in found]


@pytest.fixture
def world(bucket, tables) -> World:
    """An empty world."""
    return World(bucket, Catalog(tables["CatalogTable"]))


@pytest.fixture
def new_world(bucket, tables):
    """Makes worlds that share nothing, in one AWS."""
    catalog = Catalog(tables["CatalogTable"])
    numbers = iter(range(10_000))
    return lambda: World(bucket, catalog, user_id=f"user-{next(numbers)}")
