"""An export has every run of the question once, as it is, whatever its texts and numbers."""

import csv
import io
import json
from collections import Counter
from itertools import count
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.aws import Bucket
from shared.clock import DAY_US, SECOND_US, iso, read_time
from shared.runs import PARQUET_COLUMNS, Run
from shared.spreadsheets import BOM, unguarded
from shared.usage import (
    Export,
    ExportLimits,
    ExportTooLarge,
    Filters,
    UsageQuery,
    export_runs,
    summary,
)
from tests.kit.effort import examples
from tests.kit.faults import watched_calls
from tests.kit.rfc4180 import read_csv
from tests.shared.imports.csv_writer import COLUMNS

RUN_ID = COLUMNS.index("run_id")
START_US = read_time("2025-12-03T00:00:00Z")
_users = count()

texts = st.text(
    st.sampled_from("'=+-@\t\r\n\",;aA1\\/{}é😀\x01\x7f\u2028＝ ")
    | st.characters(codec="utf-8", exclude_characters="\x00"),
    max_size=8,
)
maybe_texts = st.none() | texts
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
tokens = st.none() | st.integers(0, 2**53)
LABELS = ("b", "a", "A", "GPU power (W)", "GPU", "", "'\"\\,\r\n", "é😀")
instants = st.integers(0, read_time("2100-01-01T00:00:00Z")) | st.integers(START_US, START_US + 3)


@st.composite
def runs(draw, prefix: str, times=instants) -> list[Run]:
    found = st.builds(
        Run,
        run_id=texts,
        ts_us=times,
        **dict.fromkeys(("device", "model", "tag", "tenant", "job_id", "dataset"), maybe_texts),
        prompt_preview=maybe_texts,
        source_kind=texts,
        prompt_tokens=tokens,
        completion_tokens=tokens,
        **dict.fromkeys(("latency_ms", "ttft_ms", "tok_s"), numbers),
        ok=st.booleans(),
        extra=st.dictionaries(
            st.sampled_from(LABELS) | texts, st.floats(allow_nan=False, allow_infinity=False)
        ),
    )
    return [
        msgspec.structs.replace(run, run_id=f"{run.run_id}{prefix}{number}")
        for number, run in enumerate(draw(st.lists(found, max_size=8)))
    ]


slow = settings(
    max_examples=examples(0.4),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def stored(storage, folded: list[Run], pending: list[Run]) -> tuple[UsageQuery, list[Run]]:
    """The runs of a new user, some folded; the question for all of them, and how they come."""
    user = f"user-{next(_users)}"
    storage.store(user, folded, fold=True)
    storage.store(user, pending, fold=False)
    query = UsageQuery(user, 0, read_time("2101-01-01T00:00:00Z"))
    return query, sorted(folded + pending, key=lambda run: (run.ts_us, run.run_id.encode()))


def run_of(cells: list[str | None], *, guard: bool) -> Run:
    """The run that a line of CSV tells of, read by the contract alone."""
    line = dict(zip(COLUMNS, cells, strict=True))

    def text(name: str) -> str | None:
        value = line[name]
        return unguarded(value) if guard and value is not None else value

    def number(name: str, kind: type) -> float | None:
        return None if line[name] is None else kind(line[name])

    ts_us = round(float(line["ts"]) * SECOND_US)
    assert line["time"] == iso(ts_us)
    members = json.loads(line["extra"], object_pairs_hook=list)
    assert [label for label, _ in members] == sorted({label for label, _ in members})
    return Run(
        run_id=text("run_id"),
        ts_us=ts_us,
        **{name: text(name) for name in ("device", "model", "tag", "tenant", "job_id")},
        **{name: text(name) for name in ("dataset", "source_kind", "prompt_preview")},
        **{name: number(name, int) for name in ("prompt_tokens", "completion_tokens")},
        **{name: number(name, float) for name in ("latency_ms", "ttft_ms", "tok_s")},
        ok={"true": True, "false": False}[line["ok"]],
        extra=dict(members),
    )


@pytest.mark.exhaustive
@slow
@given(folded=runs("f"), pending=runs("p"), guard=st.booleans(), bom=st.booleans())
def test_csv_holds_exactly_the_runs_whatever_they_are(storage, folded, pending, guard, bom):
    query, expected = stored(storage, folded, pending)

    found = export_runs(storage.bucket, storage.catalog, Export(query, guard=guard, bom=bom))

    text = found.body.decode()
    assert text.startswith(BOM) is bom
    head, *lines = read_csv(text.removeprefix(BOM))
    assert head == COLUMNS
    assert [run_of(cells, guard=guard) for cells in lines] == expected
    assert found.rows == len(expected)
    assert [[cell or "" for cell in line] for line in (head, *lines)] == list(
        csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))
    )


@slow
@given(folded=runs("f"), pending=runs("p"))
def test_json_lines_are_the_runs_as_the_api_shows_them(storage, folded, pending):
    query, expected = stored(storage, folded, pending)

    found = export_runs(storage.bucket, storage.catalog, Export(query, "jsonl"))

    assert [json.loads(line) for line in found.body.decode().split("\n")[:-1]] == [
        run.document() for run in expected
    ]


@pytest.mark.exhaustive
@slow
@given(folded=runs("f"), pending=runs("p"))
def test_parquet_holds_exactly_the_runs_in_the_declared_columns(
    storage, tmp_path_factory, folded, pending
):
    query, expected = stored(storage, folded, pending)

    found = export_runs(storage.bucket, storage.catalog, Export(query, "parquet"))

    path = tmp_path_factory.mktemp("export") / "runs.parquet"
    path.write_bytes(found.body)
    assert columns_of(path) == PARQUET_COLUMNS
    names = ", ".join("epoch_us(ts)" if name == "ts" else name for name in PARQUET_COLUMNS)
    rows = duckdb.execute(f"SELECT {names} FROM read_parquet('{path}')").fetchall()
    fields = ["ts_us" if name == "ts" else name for name in PARQUET_COLUMNS]
    assert [Run(**dict(zip(fields, row, strict=True))) for row in rows] == expected


def columns_of(path: Path) -> dict[str, str]:
    described = duckdb.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
    return {name: kind for name, kind, *_ in described}


@pytest.mark.exhaustive
@slow
@given(folded=runs("f"), pending=runs("p"), data=st.data())
def test_stored_file_equals_the_inline_text_when_sliced_small(storage, folded, pending, data):
    query, expected = stored(storage, folded, pending)
    wanted = Export(query, data.draw(st.sampled_from(["csv", "jsonl"])))
    inline = export_runs(storage.bucket, storage.catalog, wanted)
    limits = ExportLimits(inline_bytes=0, slice_runs=data.draw(st.integers(1, 4)))

    away = export_runs(storage.bucket, storage.catalog, wanted, limits=limits)

    if away.body is None:
        assert stored_file(storage.bucket, query.user_id) == inline.body
    assert (away.rows, away.size) == (len(expected), inline.size)
    assert (away.body is None) == (inline.size > 0)


def stored_file(bucket: Bucket, user_id: str) -> bytes:
    (found,) = bucket.list(f"exports/{user_id}/")
    return bucket.get(found.key)


def test_rows_of_a_sliced_parquet_are_in_order(storage, tmp_path):
    folded = [Run(run_id=f"r{number:03d}", ts_us=START_US + number % 7) for number in range(50)]
    query, expected = stored(storage, folded, [])
    limits = ExportLimits(slice_runs=9)

    found = export_runs(storage.bucket, storage.catalog, Export(query, "parquet"), limits=limits)

    path = tmp_path / "runs.parquet"
    path.write_bytes(found.body)
    rows = duckdb.execute(f"SELECT run_id FROM read_parquet('{path}')").fetchall()
    assert [run_id for (run_id,) in rows] == [run.run_id for run in expected]
    assert columns_of(path) == PARQUET_COLUMNS


def test_extras_are_sorted_when_there_are_many_sets_of_labels(storage):
    extras = [{f"z{number}": 1.0, "a": 2.5, '"\n': -1e300} for number in range(40)]
    found = [
        Run(run_id=f"r{number:02d}", ts_us=START_US, extra=extra)
        for number, extra in enumerate(extras)
    ]
    query, _ = stored(storage, found, [])

    text = export_runs(storage.bucket, storage.catalog, Export(query)).body.decode()

    assert [run_of(cells, guard=True).extra for cells in read_csv(text)[1:]] == extras


def some_runs(number: int, at_us: int = START_US) -> list[Run]:
    return [Run(run_id=f"r{each:04d}", ts_us=at_us + each, device="d") for each in range(number)]


def test_only_runs_of_the_question_come_and_as_many_as_are_counted(storage):
    user = f"user-{next(_users)}"
    storage.store(user, some_runs(20), fold=True)
    others = [msgspec.structs.replace(run, run_id=f"x{run.run_id}") for run in some_runs(20)]
    storage.store(user, [msgspec.structs.replace(run, device="e") for run in others], fold=False)
    query = UsageQuery(user, START_US + 5, START_US + 15, Filters(device=("d",)))

    found = export_runs(storage.bucket, storage.catalog, Export(query))

    assert found.rows == summary(storage.bucket, storage.catalog, query).stats["runs"] == 10
    lines = read_csv(found.body.decode())[1:]
    assert [line[RUN_ID] for line in lines] == [f"r{number:04d}" for number in range(5, 15)]


def test_header_is_there_when_no_run_is(storage):
    query = UsageQuery("someone-else", START_US, START_US + DAY_US)

    found = export_runs(storage.bucket, storage.catalog, Export(query))

    assert (found.rows, found.body) == (0, f"{','.join(COLUMNS)}\r\n".encode())


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_nothing_is_begun_when_it_could_not_be_finished(storage, form):
    query, _ = stored(storage, some_runs(10), [])
    limits = ExportLimits(max_bytes=1_000, inline_bytes=0)

    with watched_calls() as calls, pytest.raises(ExportTooLarge) as refused:
        export_runs(storage.bucket, storage.catalog, Export(query, form), limits=limits)

    assert refused.value.facts == {"limit_bytes": 1_000, "rows": 10}
    assert "CreateMultipartUpload" not in calls.names


def test_large_export_costs_three_calls_and_one_for_each_8_mib(storage):
    query, _ = stored(storage, some_runs(10), [])
    export = Export(query)
    with watched_calls() as calls:
        export_runs(storage.bucket, storage.catalog, export)
        inline = len(calls.names)
        export_runs(storage.bucket, storage.catalog, export, limits=ExportLimits(inline_bytes=0))

    more = Counter(calls.names[inline:]) - Counter(calls.names[:inline])
    assert more == Counter(["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])


@pytest.mark.exhaustive
def test_export_is_of_one_moment_when_others_append_fold_and_undo_meanwhile(storage):
    """Whatever happens before any of its calls, an export has whole batches, each once."""
    user = f"user-{next(_users)}"
    storage.store(user, some_runs(5), fold=True)
    storage.store(user, later(1), fold=False)
    export = Export(UsageQuery(user, START_US, START_US + 9 * DAY_US))
    away = ExportLimits(inline_bytes=0)
    batches = count(2)
    stored = 2

    def another_batch(fold: bool) -> None:
        nonlocal stored
        storage.store(user, later(next(batches)), fold=fold)
        stored += 1

    for number in count():
        before = stored
        with watched_calls() as calls:
            calls.before[number] = lambda number=number: another_batch(number % 2 == 0)
            found = export_runs(storage.bucket, storage.catalog, export, limits=away)

        lines = read_csv(newest_file(storage.bucket, user).decode())[1:]
        ids = [line[RUN_ID] for line in lines]
        assert len(ids) == len(set(ids)) == found.rows
        assert found.rows in (5 * before, 5 * stored)
        if number >= len(calls.names):
            return


def later(batch: int) -> list[Run]:
    return [
        Run(run_id=f"b{batch:03d}-{each}", ts_us=START_US + batch * SECOND_US) for each in range(5)
    ]


def newest_file(bucket: Bucket, user_id: str) -> bytes:
    *_, newest = bucket.list(f"exports/{user_id}/")
    return bucket.get(newest.key)
