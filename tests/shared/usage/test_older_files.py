"""Parts and rollups that were written before a column was appended answer as if it was null."""

import tempfile
from dataclasses import replace
from itertools import count
from pathlib import Path

import duckdb
import msgspec
import pytest

from shared.clock import DAY_US, SECOND_US, day_of, day_start_us
from shared.runs import Run
from shared.storage.log import DayRecord
from shared.storage.log.records import DAY_PREFIX, item_of
from shared.usage import (
    Export,
    Filters,
    ReadOptions,
    UsageQuery,
    compare,
    export_runs,
    overview,
)
from tests.shared.usage.test_queries import START_US

# Whole days, which rollups answer.
DAY_START_US = day_start_us(day_of(START_US))
_HOURS = 3_600 * SECOND_US
_numbers = count()
READINGS = (ReadOptions(exact=True), ReadOptions(exact=False))


def run_at(hour: int, tag: str | None = None) -> Run:
    return Run(
        f"r-{next(_numbers)}",
        DAY_START_US + hour * _HOURS,
        model="m",
        tag=tag,
        latency_ms=5.0,
        completion_tokens=1,
    )


def aged(storage, user: str) -> None:
    """Make a user's files what they were before there were some columns of runs and rollups."""
    for day in storage.catalog.days(user):
        parts = tuple(_aged(storage, part) for part in day.parts)
        rollup = _aged(storage, day.rollup) if day.rollup else None
        if rollup:
            levels = tuple(level for level in rollup.levels if not level.endswith(":tag"))
            rollup = msgspec.structs.replace(rollup, levels=levels)
        record = DayRecord(day=day.day, parts=parts, rollup=rollup)
        storage.catalog.table.put(item_of(user, DAY_PREFIX + day.day, record))


def _aged(storage, found):
    with tempfile.TemporaryDirectory() as folder:
        newer, older = Path(folder) / "newer.parquet", Path(folder) / "older.parquet"
        newer.write_bytes(storage.bucket.get(found.key))
        duckdb.execute(
            "COPY (SELECT COLUMNS("
            "c -> c NOT IN ('tag', 'conditions', 'timed_tokens', 'timed_ms')) "
            f"FROM '{newer}') TO '{older}' (FORMAT parquet)"
        )
        body = older.read_bytes()
    storage.bucket.put(found.key, body)
    return msgspec.structs.replace(found, bytes=len(body))


def by_tag(storage, user: str, options: ReadOptions, **filters: tuple[str, ...]) -> dict:
    query = UsageQuery(user, DAY_START_US, DAY_START_US + DAY_US, Filters(**filters))
    found = overview(
        storage.bucket,
        storage.catalog,
        query,
        group_by=("tag", "model"),
        step_s=86_400,
        newest=10,
        options=options,
    )
    assert found.exact is (options.exact or not found.total["runs"])
    assert found.total["throughput_tps"] == pytest.approx(200)
    tags = {entry["key"]["tag"]: entry["runs"] for entry in found.breakdown}
    assert sum(tags.values()) == found.total["runs"] == len(found.runs)
    return tags


@pytest.mark.parametrize("options", READINGS, ids=["rows", "rollups"])
def test_older_files_answer_when_they_lack_a_column(storage, options):
    user = f"older-{options.exact}"
    storage.store(user, [run_at(1), run_at(2)], fold=True)
    storage.tidy(user)
    aged(storage, user)

    assert by_tag(storage, user, options) == {None: 2}


@pytest.mark.exhaustive
@pytest.mark.parametrize("options", READINGS, ids=["rows", "rollups"])
def test_older_and_newer_files_add_up_when_they_are_rolled_up_together(storage, options):
    user = f"both-{options.exact}"
    storage.store(user, [run_at(1), run_at(2)], fold=True)
    storage.tidy(user)
    aged(storage, user)
    storage.store(user, [run_at(1, "new"), run_at(3, "new")], fold=True)
    storage.tidy(user)
    storage.store(user, [run_at(3, "pending")], fold=False)

    assert by_tag(storage, user, options) == {None: 2, "new": 2, "pending": 1}
    assert by_tag(storage, user, ReadOptions(exact=True), tag=("new",)) == {"new": 2}


def test_older_parts_are_rolled_up_when_they_were_not_before(storage):
    storage.store("unrolled", [run_at(1), run_at(2)], fold=True)
    aged(storage, "unrolled")

    storage.tidy("unrolled")

    assert by_tag(storage, "unrolled", ReadOptions(exact=False)) == {None: 2}


@pytest.mark.exhaustive
def test_conditions_are_null_when_files_are_older_than_they_are(storage):
    storage.store("mixed", [run_at(1), run_at(2)], fold=True)
    storage.tidy("mixed")
    aged(storage, "mixed")
    newer = [msgspec.structs.replace(run_at(3), conditions={"quant": "Q4", "threads": "4"})]
    storage.store("mixed", newer, fold=True)
    query = UsageQuery("mixed", DAY_START_US, DAY_START_US + DAY_US)
    places = (storage.bucket, storage.catalog)

    found = overview(*places, query, group_by=("cond.quant",), step_s=86_400, newest=5)
    filtered = Filters(**{"cond.threads": ("4",)})
    some = overview(*places, filtered_by(query, filtered), step_s=86_400)
    rolled = compare(*places, query, filtered_by(query, filtered), options=READINGS[1])
    exported = export_runs(*places, Export(query)).body

    assert {entry["key"]["cond.quant"]: entry["runs"] for entry in found.breakdown} == {
        None: 2, "Q4": 1,
    }  # fmt: skip
    assert [run["conditions"] for run in found.runs] == [{"quant": "Q4", "threads": 4}, {}, {}]
    assert some.total["runs"] == 1
    assert {"field": "cond.quant", "a": ["Q4", None], "b": ["Q4"]} in rolled.conditions_diff
    assert [line.rpartition(b",")[2] for line in exported.splitlines()[1:3]] == [b"{}", b"{}"]


def filtered_by(query: UsageQuery, filters: Filters) -> UsageQuery:
    return replace(query, filters=filters)
