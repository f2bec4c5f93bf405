"""A row becomes the same run by every way that there is: import, dataset, and through SQL."""

import json

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import SECOND_US
from shared.datasets import Adapter, Arrival, RequestRows, run_of_row
from shared.datasets.batch_validation import uniform_rows
from shared.datasets.columns import block_of
from shared.imports import Batch, read_records
from shared.imports.validation import judge
from shared.runs import (
    EXPORTED,
    SHOWN,
    Column,
    Run,
    RunBlock,
    decode_runs,
    encode_runs,
    run_select_list,
    select_list,
)
from shared.runs import run_of_row as run_of_sql_row
from shared.spreadsheets import csv_line
from shared.storage.lake.parquet import json_reader
from shared.usage import CSV_COLUMNS
from shared.usage.export_lines import csv_line_sql, json_line_sql

NOW_US = 2**31 * SECOND_US
BATCH = Batch("ada", "t", "01JDQ0000000000000000000AB", NOW_US, False, {})
ARRIVAL = Arrival(run_id="r", tenant="t", batch_id="bat_S", at_us=NOW_US)
ADAPTER = Adapter(
    dataset="d",
    x_field="ts",
    device_field="device",
    model_field="model",
    tag_field="tag",
    job_id_field="job_id",
    prompt_tokens_field="prompt_tokens",
    completion_tokens_field="completion_tokens",
    latency_ms_field="latency_ms",
    ttft_ms_field="ttft_ms",
    tok_s_field="tok_s",
    ok_field="ok",
    prompt_preview_field="prompt_preview",
)
MAPPED = [name.removesuffix("_field") for name in ADAPTER.__struct_fields__ if "_field" in name]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
VALUES = {
    "text": TEXTS | st.sampled_from(["", "=1", "'=1", "a,b", '"', "\r\n"]),
    "count": st.integers(0, 10**12),
    "amount": st.floats(0, 1e12),
    "flag": st.booleans(),
    # Float seconds are exact to the microsecond until the year 2041.
    "instant": st.integers(946_684_800, 2**31).map(float),
    "numbers": st.dictionaries(TEXTS, st.floats(-1e12, 1e12), max_size=3),
    "texts": st.dictionaries(
        st.sampled_from(["quant", "threads"]),
        TEXTS | st.sampled_from(["4", "true", '"']) | st.booleans() | st.floats(-1e12, 1e12),
    ),
}


def value(column: Column) -> st.SearchStrategy:
    if column.name == "run_id":
        return TEXTS.filter(bool)
    return VALUES[column.kind] | (st.none() if column.kind != "instant" else st.nothing())


ROWS = st.fixed_dictionaries({column.public_name: value(column) for column in SHOWN})


def imported(body: bytes, media_type: str) -> list[Run]:
    found = judge(read_records(body, media_type), BATCH)
    assert not found.faults
    return found.runs


def mapped(run: Run) -> dict:
    """What an adapter reads of a row."""
    read = {"ts_us", "conditions", *MAPPED}
    names = [name for name in Run.__struct_fields__ if name in read]
    return {name: getattr(run, name) for name in names}


def never() -> list:
    raise AssertionError("the rows were asked for one by one")


def at_once(row: dict) -> Run | None:
    body = json.dumps([row]).encode()
    rows = uniform_rows(RequestRows(never, body, 0, len(body)), ADAPTER)
    found = rows and block_of(rows, ADAPTER, ARRIVAL)
    return decode_runs(found[0].encoded())[0] if found else None


@given(ROWS)
def test_import_and_dataset_agree_on_a_row(row):
    (run,) = imported(json.dumps([row]).encode(), "application/json")
    plain = {name: found for name, found in row.items() if name != "extra"}

    slowly = run_of_row(plain, ADAPTER, ARRIVAL)
    fast = at_once(plain)

    assert mapped(slowly) == mapped(run)
    assert fast is None or mapped(fast) == mapped(run)


def test_dataset_reads_a_plain_row_at_once():
    row = {"ts": 1764784800.0, "device": "a", "latency_ms": 5.0, "completion_tokens": 7, "ok": True}

    assert at_once(row) is not None


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@given(rows=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row["run_id"]))
def test_run_is_the_same_when_it_went_through_a_segment_and_sql(database, tmp_path_factory, rows):
    runs = imported(json.dumps(rows).encode(), "application/json")
    lines = tmp_path_factory.getbasetemp() / "runs.jsonl"
    lines.write_bytes(encode_runs(decode_runs(RunBlock.of_runs(runs, "S").encoded())))

    database.execute(
        f"CREATE OR REPLACE TEMP TABLE runs AS SELECT {select_list()} FROM {json_reader(lines)}"
    )
    found = database.execute(f"SELECT {run_select_list()} FROM runs").fetchall()

    assert [run_of_sql_row(row) for row in found] == runs


@given(rows=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row["run_id"]))
def test_run_is_the_same_when_its_export_is_imported(database, tmp_path_factory, rows):
    runs = imported(json.dumps(rows).encode(), "application/json")
    lines = tmp_path_factory.getbasetemp() / "runs.jsonl"
    lines.write_bytes(encode_runs(runs))
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE runs AS SELECT {select_list()} FROM {json_reader(lines)}"
    )

    csv = csv_line(CSV_COLUMNS) + exported(database, csv_line_sql(database, guard=True))
    jsonl = exported(database, json_line_sql())

    assert imported(csv.encode(), "text/csv") == runs
    assert imported(jsonl.encode(), "application/x-ndjson") == runs
    assert [json.loads(line) for line in jsonl.split("\n")[:-1]] == [
        msgspec.to_builtins(run.document()) for run in runs
    ]


def exported(connection: duckdb.DuckDBPyConnection, line: str) -> str:
    return "".join(text for (text,) in connection.execute(f"SELECT {line} FROM runs").fetchall())


def test_every_column_that_is_shown_has_a_place_of_its_own_in_exports():
    places = [column.csv for column in EXPORTED]

    # The second place is the time as text.
    assert [1, 2, *places[1:]] == list(range(1, len(places) + 2))
