"""Judging a batch at once says what judging row by row says, or nothing."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.clock import read_time
from shared.datasets import Adapter, Arrival, ExtraField, RequestRows, RowNotConvertible, run_of_row
from shared.datasets.batch_validation import uniform_rows
from shared.datasets.columns import block_of
from shared.datasets.rows import MAX_ROW_BYTES, stored_line, validate_rows
from shared.row_bodies import SentRow
from shared.runs import Run, decode_runs
from tests.kit.effort import examples
from tests.shared.datasets.texts import batches

NOW_US = read_time("2025-12-04T12:00:00Z")
META = b'"_meta_user_id":"ada"'
EXTRAS = (
    ExtraField(label="Power", field="gpu.w"),
    ExtraField(label="Fan", field="fan", kind="boolean"),
    ExtraField(label="Note", field="note", kind="string"),
    ExtraField(label="Latency too", field="latency_ms"),
)
PLAIN = Adapter(dataset="d", extra_fields=EXTRAS)
FULL = Adapter(
    dataset="d",
    ok_field="ok",
    tok_s_field="tok_s",
    prompt_preview_field="note",
    tag_field="device",
    extra_fields=EXTRAS[:2],
)
CLASHING = Adapter(dataset="d", ok_field="latency_ms")


def never() -> list[SentRow]:
    raise AssertionError("the rows were asked for one by one")


def sent(texts: list[bytes], form: str, gap: bytes = b"") -> RequestRows:
    if form == "array":
        array = b"[" + (gap + b"," + gap).join(texts) + b"]"
        before, after = b'{"dataset":"d","rows":', b"}"
        return RequestRows(never, before + array + after, len(before), len(before) + len(array))
    body = (b"\r\n" if gap == b"\r\n" else b"\n").join(texts) + gap
    return RequestRows(never, body, 0, len(body), "lines")


def slowly(texts: list[bytes]) -> tuple[bytes, list[dict], int]:
    """The stored lines and members of the good rows, and how many are bad."""
    accepted, faults = validate_rows(SentRow(text.strip(), 1) for text in texts)
    lines = b"".join(stored_line(row, META) + b"\n" for row in accepted)
    return lines, [row.members for row in accepted], len(faults)


def slow_runs(rows: list[dict], adapter: Adapter) -> list[Run | None]:
    return [slow_run(row, number, adapter) for number, row in enumerate(rows)]


def arrival(number: int) -> Arrival:
    return Arrival(run_id=f"run_S_{number}", tenant="t", batch_id="bat_S", at_us=NOW_US)


def slow_run(row: dict, number: int, adapter: Adapter) -> Run | None:
    try:
        return run_of_row(row, adapter, arrival(number))
    except RowNotConvertible:
        return None


forms = st.sampled_from(["array", "lines"])
gaps = st.sampled_from([b"", b" ", b"\n", b"\r\n"])


@pytest.mark.exhaustive
@settings(max_examples=examples(5))
@given(batches(), forms, gaps, st.sampled_from([None, PLAIN, FULL, CLASHING]))
@example([b'{"a":1,"a" :2}', b'{"a":1}'], "array", b"", None)
@example([b'{"a":"},{"}', b'{"a":1}'], "array", b" ", None)
@example([b'{"a":1}', b"{}"], "array", b"", None)
@example([b'{"a":1} {"a":2}', b'{"a":3}'], "lines", b"", None)
@example([b'{"a":\n1}', b'{"a":3}'], "lines", b"", None)
def test_fast_and_slow_agree_when_the_fast_way_answers(texts, form, gap, adapter):
    rows = uniform_rows(sent(texts, form, gap), adapter)
    found = adapter and rows and block_of(rows, adapter, arrival(0))

    if rows is not None:
        pieces = texts if form == "array" else b"\n".join(texts).split(b"\n")
        lines, members, bad = slowly([piece for piece in pieces if piece.strip()])
        assert (rows.stored(META), rows.count, bad) == (lines, len(members), 0)
        if found:
            block, span = found
            assert decode_runs(block.encoded()) == slow_runs(members, adapter)
            assert span == block.span()


ROW = b'{"ts":"2025-12-03T18:00:00Z","device":"a","latency_ms":900,"gpu.w":1.5,"note":"n"}'


@pytest.mark.parametrize("form", ["array", "lines"])
@pytest.mark.parametrize(
    "texts",
    [
        [ROW],
        [ROW] * 3,
        [ROW, b'{"ts":"2025-12-03T18:00:00Z","device":null}'],
        [ROW.replace(b'"2025-12-03T18:00:00Z"', b"1764784800.5")] * 2,
        [ROW.replace(b"Z", b"")] * 2,
        [ROW.replace(b'"n"', b'"a: :\xc3\xa9"')] * 2,
        [ROW.replace(b'":', b'": ').replace(b",", b", ")] * 2,
        [ROW.replace(b'"n"', b"null")] * 2,
    ],
)
def test_batch_is_judged_at_once_when_it_is_plain(texts, form):
    rows = uniform_rows(sent(texts, form), PLAIN)

    assert rows is not None
    assert block_of(rows, PLAIN, arrival(0)) is not None
    stored = [json.loads(line) for line in rows.stored(META).splitlines()]
    assert stored == [json.loads(text) | {"_meta_user_id": "ada"} for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":"\\u0061"}',
        b'{"a":{"b":1}}',
        b'{"a":[1]}',
        b'{"_meta_x":1}',
        b'{"a":1e999}',
        b"{}",
        b'{"a":"' + b"x" * MAX_ROW_BYTES + b'"}',
    ],
)
def test_batch_is_left_to_the_slow_way_when_a_row_is_not_plain(text):
    assert uniform_rows(sent([text], "array"), None) is None
    assert uniform_rows(sent([b'{"a":1}', text], "array"), None) is None
