"""Whatever rows hold, they become columns of numbers, labels and nulls."""

import json
import math
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.datasets import Adapter, ExtraField
from shared.datasets.conversion import value_at
from shared.datasets.metrics.mapping import mapping_of

# SQL has no NUL: a field whose name has one is not found.
KEYS = st.one_of(
    st.sampled_from(
        [
            "a",
            "b",
            "a.b",
            "0",
            "1",
            "a.0",
            "*",
            "~",
            "/",
            "~0",
            "'",
            '"',
            "\\",
            "[0]",
            "$",
            "é",
            "A",
        ]
    ),
    st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1, max_size=6),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)
OBJECTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=4),
    lambda inner: st.dictionaries(KEYS, LEAVES | inner, max_size=4),
    max_leaves=10,
)


def paths(members: dict[str, Any], above: str = "") -> list[str]:
    found = []
    for key, value in members.items():
        found.append(f"{above}{key}")
        if isinstance(value, dict):
            found += paths(value, f"{above}{key}.")
    return [path for path in found if all(path.split("."))]


def number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None


def column_of(adapter: Adapter, field: str) -> str:
    mapping = mapping_of(adapter)
    return next(found.column for found in mapping.fields if found.field == field)


@given(st.data())
def test_number_is_that_of_the_path_when_rows_are_arbitrary(view, data: st.DataObject) -> None:
    rows = data.draw(st.lists(OBJECTS, min_size=1, max_size=4))
    known = sorted({path for row in rows for path in paths(row)}) or ["a"]
    path = data.draw(st.sampled_from(known))
    adapter = Adapter(dataset="d", extra_fields=(ExtraField(label="x", field=path),))

    with view([json.dumps(row).encode() for row in rows], adapter) as connection:
        column = column_of(adapter, path)
        found = connection.execute(f"SELECT {column} FROM rows ORDER BY line").fetchall()

    assert [value for (value,) in found] == [number(value_at(row, path)) for row in rows]


@pytest.mark.exhaustive
@given(st.lists(OBJECTS, min_size=1, max_size=6))
def test_number_fields_are_found_when_there_is_no_adapter(view, rows: list[Any]) -> None:
    lines = [json.dumps(row).encode() for row in rows]
    wanted = {key for row in rows for key, value in row.items() if number(value) is not None} - {
        "ts",
        "device",
        "model",
    }

    with view(lines) as connection:
        described = [name for name, *_ in connection.execute("DESCRIBE rows").fetchall()]

    fields = {bytes.fromhex(name[1:]).decode() for name in described if name[0] == "n"}
    assert wanted <= fields
    assert not any(field.startswith("_meta_") for field in fields)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1.10", 1.1),
        (b"1e5", 1e5),
        (b"-0", 0.0),
        (b"18446744073709551616", 2.0**64),
        (b"123456789012345678901234567890", 1.2345678901234568e29),
        (b"1e400", None),
        (b"-1e400", None),
        (b"1" * 400, None),
        (b'"12"', None),
        (b"true", None),
        (b"null", None),
        (b"[1]", None),
        (b"{}", None),
        (b'"\\ud800"', None),
        (b"[" * 500 + b"]" * 500, None),
        (b"NaN", None),
        (b"-Infinity", None),
    ],
)
def test_only_finite_numbers_count_when_values_are_odd(view, text: bytes, value: Any) -> None:
    adapter = Adapter(dataset="d")

    with view([b'{"latency_ms":%s}' % text], adapter) as connection:
        column = column_of(adapter, "latency_ms")
        found = connection.execute(f"SELECT {column} FROM rows").fetchall()

    assert found == [(value,)]


@pytest.mark.parametrize("line", [b"", b"not json", b"[1,2]", b"7", b'{"a":1,"a":2}', b'{"a":1'])
def test_line_counts_as_a_row_when_it_is_broken(view, line: bytes) -> None:
    with view([b'{"a":1}', line, b'{"a":3}']) as connection:
        found = connection.execute("SELECT count(*) FROM rows").fetchone()

    assert found == (3 if line else 2,)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("server-1", "server-1"),
        ('a"b\\c\n', 'a"b\\c\n'),
        ("é\u2028", "é\u2028"),
        (7, "7"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("", ""),
        (True, None),
        (None, None),
        (["a"], None),
    ],
)
def test_label_is_read_as_runs_read_it(view, value: Any, label: str | None) -> None:
    with view([msgspec.json.encode({"device": value, "model": value})]) as connection:
        found = connection.execute("SELECT device, model FROM rows").fetchall()

    assert found == [(label, label)]


@given(
    st.lists(
        st.tuples(*[st.none() | st.integers(0, 500) | st.floats(0, 1e6, width=32)] * 3),
        min_size=1,
        max_size=10,
    )
)
def test_speed_is_derived_as_for_runs_when_no_field_says_it(view, rows: list[Any]) -> None:
    names = ("completion_tokens", "latency_ms", "ttft_ms")
    lines = [json.dumps(dict(zip(names, row, strict=True))).encode() for row in rows]

    with view(lines, Adapter(dataset="d")) as connection:
        found = connection.execute("SELECT speed FROM rows ORDER BY line").fetchall()

    assert [speed for (speed,) in found] == [derived(*row) for row in rows]


def derived(tokens: float | None, latency: float | None, ttft: float | None) -> float | None:
    """The contract's formula; too small a latency gives nothing, nor do less than two tokens."""
    if tokens is None or tokens < 2 or latency is None or latency <= 0:
        return None
    if ttft is not None and ttft < latency:
        tokens, latency = tokens - 1, latency - ttft
    speed = tokens / (latency / 1000) if latency / 1000 else math.inf
    return speed if math.isfinite(speed) else None


def test_rows_are_left_out_when_their_batch_was_undone(view) -> None:
    lines = [b'{"a":1,"_meta_batch_id":"bat_1"}', b'{"a":2,"_meta_batch_id":"bat_2"}', b'{"a":3}']

    with view(lines, undone=frozenset({"bat_1"})) as connection:
        column = "n" + b"a".hex()
        found = connection.execute(f"SELECT {column} FROM rows ORDER BY line").fetchall()

    assert found == [(2.0,), (3.0,)]
