"""CSV that every reader reads back, and that no spreadsheet runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spreadsheets import csv_line, plain_cell, text_cell

TEXTS = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20)


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_text_comes_back_when_read_by_another(rows):
    written = "".join(csv_line(text_cell(text, guard=False) for text in row) for row in rows)

    assert list(csv.reader(io.StringIO(written, newline=""))) == rows


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_is_guarded_when_a_spreadsheet_would_run_it(text):
    (cells,) = csv.reader(io.StringIO(csv_line([text_cell(text, guard=True)]), newline=""))

    assert cells == [f"'{text}"]


def test_empty_text_differs_from_nothing():
    assert csv_line([text_cell("", guard=True), plain_cell("")]) == '"",\r\n'


def test_line_is_not_blank_when_its_only_cell_is_empty():
    assert csv_line([""]) == '""\r\n'
