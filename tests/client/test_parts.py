"""Files in parts: cut between records only, within the limits, the same after an interruption."""

import csv
import io
import json

import pytest
from evalyard.core.kinds import CSV, EVENTS, JSON, LINES
from evalyard.core.parts import MAX_ROWS, Undividable, parts
from hypothesis import given
from hypothesis import strategies as st

CELLS = st.text(st.sampled_from('ab",\n\r 1é'), max_size=12)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=12)


def _cut(content: bytes, name: str = "", start: int = 0, limit: int = 120) -> list:
    return list(parts(io.BytesIO(content), name, start, limit))


def _same(one: list, other: list) -> bool:
    return [(each.first, each.body) for each in one] == [(each.first, each.body) for each in other]


@pytest.mark.exhaustive
@given(TABLES)
def test_no_row_is_cut_when_cells_hold_quotes_and_line_ends(rows) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a", "b"], *rows])

    found = _cut(text.getvalue().encode(), "x.csv", limit=60)

    read = []
    for part in found:
        header, *body = csv.reader(io.StringIO(part.body.decode(), newline=""))
        assert header == ["a", "b"]
        read += body
    assert read == rows
    assert all(len(part.body) <= 60 for part in found)


@given(st.lists(st.dictionaries(CELLS, st.integers() | CELLS | st.lists(st.floats(0, 1)))))
def test_elements_are_as_they_were_when_an_array_is_cut(rows) -> None:
    content = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    try:
        found = _cut(content, "x.json", limit=100)
    except Undividable:
        assert any(len(json.dumps(row, ensure_ascii=False).encode()) > 40 for row in rows)
        return

    assert [row for part in found for row in json.loads(part.body)] == rows
    assert all(len(part.body) <= 100 for part in found)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", b"".join(b'{"n": %d}\n\n' % n for n in range(50))),
        ("x.csv", b"n,text\n" + b"".join(b'%d,"a\nb"\n' % n for n in range(50))),
        ("x.json", json.dumps([{"n": n} for n in range(50)]).encode()),
    ],
    ids=["lines", "csv", "array"],
)
def test_the_parts_are_the_same_when_an_upload_goes_on(name, content) -> None:
    found = _cut(content, name)

    for place, part in enumerate(found[:-1]):
        assert _same(_cut(content, name, part.after), found[place + 1 :])
    assert sum(len(part.records) for part in found) == 50
    assert all(len(part.body) <= 120 for part in found)


def test_it_is_one_part_as_it_is_when_it_fits_a_call() -> None:
    document = b'{"benchmarks": [1,\n 2]}'

    (part,) = _cut(document, "results.json")

    assert (part.body, part.media_types, part.is_whole) == (document, [JSON, LINES], True)


def test_rows_go_in_parts_when_they_are_many_and_small() -> None:
    content = b"n\n" + b"1\n" * (MAX_ROWS + 1)

    found = _cut(content, "x.csv", limit=5 * 2**20)

    assert [len(part.records) for part in found] == [MAX_ROWS, 1]


def test_the_kind_is_that_of_the_content_when_the_name_says_another() -> None:
    lines = b'{"n": 1}\n' * 20

    assert {part.media_types[0] for part in _cut(lines, "x.json")} == {LINES}


def _chunk(answer: str, text: str) -> bytes:
    chunk = {"id": answer, "object": "chat.completion.chunk", "choices": [{"text": text}]}
    return json.dumps(chunk).encode()


def test_an_answer_stays_whole_when_chunks_are_lines() -> None:
    lines = [_chunk(f"answer-{n // 3}", "x") + b"\n" for n in range(12)]

    found = _cut(b"".join(lines), "x.jsonl", limit=4 * len(lines[0]))

    assert [len(part.records) for part in found] == [3, 3, 3, 3]


@pytest.mark.parametrize(
    "events",
    [
        [b"data: " + _chunk("same", "x"), b"data: " + _chunk("same", "y"), b"data: [DONE]"],
        [
            b'event: message_start\ndata: {"type": "message_start", "message": {}}',
            b'event: message_delta\ndata: {"type": "message_delta"}',
        ],
        [
            b'data: {"type": "message_start", "message": {"text": "event: message_start"}}',
            b'data: {"type": "content_block_delta", "delta": "{\\"type\\": \\"message_start\\"}"}',
        ],
    ],
    ids=["openai", "anthropic", "anthropic_without_names"],
)
def test_an_answer_stays_whole_when_it_is_a_stream_of_events(events) -> None:
    stream = b"\n\n".join(events) + b"\n\n"

    found = _cut(stream * 6, "x.sse", limit=len(stream) * 2)

    bodies = [part.body for part in found]
    assert {part.media_types[0] for part in found} == {EVENTS}
    assert len(bodies) > 2
    assert all(body.startswith(events[0]) for body in bodies)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.json", b'{"ttfts": [' + b"1, " * 100 + b"1]}"),
        ("bench.md", b"| a | b |\n" * 30),
        ("run.log", b"nothing is known of this\n" * 30),
        ("stream.jsonl", _chunk("one", "x") + b"\n" + _chunk("one", "y" * 100) + b"\n"),
        ("row.jsonl", b'{"n": 1}\n{"n": "' + b"x" * 200 + b'"}\n'),
        ("two.json", b"[" + b'{"n": 1},' * 30 + b'{"n": 1}] []'),
        ("broken.json", b"[" + b'{"n": 1},' * 30 + b"{"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_refused_when_it_cannot_be_cut(name, content) -> None:
    with pytest.raises(Undividable):
        _cut(content, name)


def test_bytes_that_are_no_text_pass_when_an_array_is_cut() -> None:
    content = b"[" + b'{"n": "\xff"},' * 20 + b'{"n": 1}]'

    assert all(b"\xff" in part.body for part in _cut(content, "x.json")[:-1])
    assert CSV not in {part.media_types[0] for part in _cut(content, "x.json")}
