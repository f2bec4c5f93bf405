"""Cursors lead on in the list they came from, and nowhere else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MalformedInput
from shared.http import Cursors, up_to

POSITIONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)
SCOPES = st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple)


@given(SCOPES, POSITIONS)
def test_position_comes_back(scope: tuple[str, ...], position: Any) -> None:
    cursors = Cursors(scope)

    assert cursors.read(cursors.write(position)) == position


@given(SCOPES, SCOPES)
def test_cursor_is_refused_in_another_list(mine: tuple[str, ...], other: tuple[str, ...]) -> None:
    if "\x00".join(mine) == "\x00".join(other):
        return
    cursor = Cursors(mine).write("here")

    with pytest.raises(MalformedInput) as refused:
        Cursors(other).read(cursor)
    assert refused.value.error_code == "cursor_mismatch"


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        Cursors(("list",)).read(text)
    assert refused.value.error_code == "cursor_mismatch"


def test_no_cursor_means_the_beginning() -> None:
    assert Cursors(("list",)).read(None) is None


@given(st.lists(st.integers(), max_size=10), st.integers(1, 12))
def test_page_ends_at_the_limit(found: list[int], limit: int) -> None:
    entries, more = up_to(limit, iter(found))

    assert entries == found[:limit]
    assert more == (len(found) > limit)


def test_no_more_than_needed_is_read() -> None:
    source = iter(range(100))

    up_to(3, source)

    assert next(source) == 4
