"""CSV that every reader reads back, and that no spreadsheet runs."""

import csv
import io

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheets import (
    csv_line,
    guarded,
    plain_cell,
    text_cell,
    text_cell_sql,
    unguarded,
)

# Made mostly of what the rules are about.
HOSTILE = st.text(
    st.sampled_from(
        "'=+-@\t\r\n\",aA1é😀\x01\x7f＝  \x0b\x0c\x1f\x85\xa0\u1680\u2003\u200b\u2028\u3000\ufeff"
    )
    | st.characters(codec="utf-8", exclude_characters="\x00"),
    max_size=8,
)
TEXTS = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20)


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_text_comes_back_when_read_by_another(rows):
    written = "".join(csv_line(text_cell(text, guard=False) for text in row) for row in rows)

    assert list(csv.reader(io.StringIO(written, newline=""))) == rows


@pytest.mark.parametrize(
    "text",
    [
        *["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "  +1", "\n=1", "\r\n-1"],
        *[" \t@A1", "\x0b=1", "\x00=1", "\xa0=1", "\u2003=1", "\u3000=1", "\ufeff=1", "' =1"],
    ],
)
def test_text_is_guarded_when_a_spreadsheet_would_run_it(text):
    (cells,) = csv.reader(io.StringIO(csv_line([text_cell(text, guard=True)]), newline=""))

    assert cells == [f"'{text}"]


def test_empty_text_differs_from_nothing():
    assert csv_line([text_cell("", guard=True), plain_cell("")]) == '"",\r\n'


def test_line_is_not_blank_when_its_only_cell_is_empty():
    assert csv_line([""]) == '""\r\n'


@given(st.lists(HOSTILE, min_size=1, max_size=20), st.booleans())
def test_sql_says_the_same_as_python(texts, guard):
    sql = f"SELECT {text_cell_sql('t', guard=guard)} FROM unnest(?) u(t)"

    found = duckdb.execute(sql, [texts]).fetchall()

    assert found == [(text_cell(text, guard=guard),) for text in texts]


@given(HOSTILE)
def test_guard_is_undone_whatever_the_text(text):
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    "text",
    ["'", "''", "'quoted'", "it's", "a=1", "1-2", "", " ", "  x", " 1-2", " '=1", "\x0b", "＝1"],
)
def test_text_is_left_alone_when_no_spreadsheet_would_run_it(text):
    assert guarded(text) == unguarded(text) == text
