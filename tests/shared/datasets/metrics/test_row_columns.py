"""Columns that a fold kept say what the rows themselves say, or nothing."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids
from shared.datasets import Adapter, ExtraField, Units
from shared.datasets.metrics.extraction import MAX_CANDIDATES, extract
from shared.datasets.metrics.folded_rows import extracted
from shared.datasets.metrics.mapping import mapping_of
from shared.datasets.metrics.row_columns import FoundColumns, write_columns
from shared.storage.lake import connect

KEYS = ("ts", "device", "latency_ms", "tok_s", "a", "a.b", "A", "é", "0", "*", "_meta_ts")
# As the text that stands in a row: whatever JSON allows, and what it does not.
VALUES = (
    "null", "true", "false", "0", "-0.0", "1.10", "1e400", "-1e400", "1E3", "12345678901234567890",
    "123456789012345678901234567890", "1733248800", "1733248800123", "1733248800.5", '"12"', '""',
    '"2025-12-03T18:00:00Z"', '"2025-12-03 18:00"', '"a"', '"\\u0061"', '"\\ud83d\\ude00"',
    '"\\ud800"', '"\\u0000"', '"{{"', "[]", "[1,2]", "{}", '{"b":1.5}', '{"b":{"c":2}}',
    '{"b":null}', '{"b":"2025-12-03T18:00:00Z"}', "NaN", "Infinity", "01", "",
    '"' + "x" * 300 + '"', '"' + "\\u00e9" * 256 + '"', "9" * 400,
)  # fmt: skip
WRITTEN_KEYS = st.sampled_from([*(f'"{key}"' for key in KEYS), '"\\u0061"'])
MEMBERS = st.lists(st.tuples(WRITTEN_KEYS, st.sampled_from(VALUES)), max_size=6)
LINES = st.one_of(
    MEMBERS.map(lambda members: "{" + ",".join(f"{key}:{text}" for key, text in members) + "}"),
    st.sampled_from(["[]", "1", '"a"', "null", "{", '{"a":1}}']),
)
FIELDS = st.sampled_from([*KEYS, "a.b.c", "b", "missing", "missing.too", "a\x00", "a."])
ADAPTERS = st.none() | st.builds(
    Adapter,
    dataset=st.just("d"),
    x_field=FIELDS,
    device_field=FIELDS,
    latency_ms_field=FIELDS,
    units=st.sampled_from([Units(), Units(latency_ms="s"), Units(latency_ms="us")]),
    extra_fields=st.lists(
        st.builds(
            ExtraField,
            label=FIELDS,
            field=FIELDS,
            kind=st.sampled_from(["number", "boolean"]),
            scale=st.sampled_from([1, 2.5]),
        ),
        max_size=2,
    ).map(tuple),
)


def values_of(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, list[Any]]:
    """The columns of a query that have a value, as texts: NaN and -0.0 included."""
    found = connection.execute(f"FROM ({sql}) ORDER BY line")
    names = [name for name, *_ in found.description or ()]
    columns = zip(*found.fetchall(), strict=True)
    return {
        name: [repr(value) for value in values]
        for name, values in zip(names, columns, strict=False)
        if any(value is not None for value in values)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


def written(folder: Path, lines: list[str], adapter: Adapter | None) -> tuple[Path, Path | None]:
    """A file of rows, and the columns that a fold keeps of it."""
    rows, target = folder / f"{ids.ulid()}.jsonl", folder / f"{ids.ulid()}.parquet"
    rows.write_text("".join(f"{line}\n" for line in lines))
    return rows, target if write_columns(mapping_of(adapter), rows, target) else None


@given(st.lists(LINES, min_size=1, max_size=5), ADAPTERS, ADAPTERS)
def test_columns_say_what_rows_say_when_these_are_arbitrary(folder, lines, at_fold, asked) -> None:
    rows, kept = written(folder, lines, at_fold)
    mapping = mapping_of(asked)
    with connect() as connection:
        found = kept and FoundColumns.open(connection, kept)
        sql = found and found.select(mapping)
        if not found or not sql or (mapping.discovers and found.nested):
            return
        target = folder / f"{ids.ulid()}.parquet"

        extract(connection, mapping, rows, target)

        assert values_of(connection, sql) == values_of(connection, extracted(target))


ROW = '{"ts":"2025-12-03T18:00:00Z","device":"a","latency_ms":1.5,"on":true,"deep":{"x":1}}'


def says(folder: Path, asked: Adapter | None, at_fold: Adapter | None = None) -> bool:
    """Whether the columns of `ROW`, kept under an adapter, answer for another."""
    _, kept = written(folder, [ROW], at_fold)
    assert kept
    with connect() as connection:
        return FoundColumns.open(connection, kept).select(mapping_of(asked)) is not None


@pytest.mark.parametrize(
    "asked",
    [
        None,
        Adapter(dataset="d"),
        Adapter(dataset="d", latency_ms_field="missing", units=Units(latency_ms="s")),
        Adapter(dataset="d", device_field="missing"),
        Adapter(dataset="d", extra_fields=(ExtraField(label="l", field="latency_ms", scale=2),)),
    ],
)
def test_columns_answer_when_another_adapter_asks_for_the_same_members(folder, asked) -> None:
    assert says(folder, asked)


@pytest.mark.parametrize(
    "asked",
    [
        Adapter(dataset="d", x_field="device"),
        Adapter(dataset="d", model_field="ts"),
        Adapter(dataset="d", extra_fields=(ExtraField(label="l", field="deep.x"),)),
        Adapter(dataset="d", extra_fields=(ExtraField(label="l", field="on", kind="boolean"),)),
    ],
)
def test_columns_do_not_answer_when_an_adapter_asks_for_something_else(folder, asked) -> None:
    assert not says(folder, asked)
    assert says(folder, asked, at_fold=asked)


@pytest.mark.parametrize(
    "row",
    [
        '{"a":1,"A":2}',
        '{"":1}',
        '{"\\u0000":1}',
        "{" + ",".join(f'"k{number}":1' for number in range(MAX_CANDIDATES + 1)) + "}",
    ],
)
def test_nothing_is_kept_when_keys_are_odd_or_very_many(folder, row: str) -> None:
    _, kept = written(folder, [row], None)

    assert kept is None
