"""Nesting and repeated members, found whatever else a text holds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.json_rules import is_deep, repeated_member

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.exhaustive
@given(value=st.dictionaries(st.text(), JSON), indent=st.sampled_from([None, 1]))
def test_no_member_is_there_twice_when_a_dictionary_is_written(
    value: dict[str, Any], indent: int | None
) -> None:
    text = json.dumps(value, indent=indent).encode()

    assert repeated_member(text) is None


@given(
    members=st.lists(st.tuples(st.text(), JSON), min_size=1),
    place=st.integers(0),
    indent=st.sampled_from([None, 1]),
)
def test_a_member_that_is_there_twice_is_found(
    members: list[tuple[str, Any]], place: int, indent: int | None
) -> None:
    again = members[place % len(members)]
    parts = [f"{json.dumps(k)}:{json.dumps(v, indent=indent)}" for k, v in [*members, again]]
    text = f"{{{','.join(parts)}}}".encode()

    assert repeated_member(text) is not None


def test_what_stands_twice_inside_a_value_is_found() -> None:
    text = b' { "rows" : [ { "a" : 1, "a" : 2 } ] } '

    assert repeated_member(text) == "a"


@pytest.mark.parametrize(("levels", "deep"), [(1, False), (64, False), (65, True), (900, True)])
def test_64_levels_are_not_deep(levels: int, deep: bool) -> None:
    text = b"[" * levels + b"]" * levels

    assert is_deep(text, json.loads(text)) is deep


def test_brackets_in_strings_and_in_a_row_do_not_count() -> None:
    wide = {"text": "[" * 1_000, "list": [[]] * 100}

    assert not is_deep(json.dumps(wide).encode(), wide)
