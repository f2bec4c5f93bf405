"""Conditions have one form each, and come back as they were sent."""

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runs import (
    MAX_CONDITION_CHARACTERS,
    ConditionInvalid,
    condition_of,
    condition_values,
    forms_of,
    joined_conditions,
    read_conditions,
    sift_conditions,
    value_sql,
)

nasty = st.sampled_from(
    ["", "4", "4.0", "-0", "01", "1e5", "1e999", "true", "null", '"', '"a"', "é"]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | nasty
numbers = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
values = texts | numbers | st.booleans()


@given(values)
def test_value_comes_back_when_it_was_kept(value):
    kept = read_conditions({"a": value})

    assert condition_values(kept) == {"a": value}
    assert type(condition_values(kept)["a"]) is type(value) or condition_values(kept)["a"] == value
    assert read_conditions(condition_values(kept)) == kept


@given(values, values)
def test_two_values_have_one_form_only_when_they_are_equal(one, other):
    forms = [read_conditions({"a": value})["a"] for value in (one, other)]

    # In Python 1 equals True, as conditions they are two.
    alike = one == other and isinstance(one, bool) is isinstance(other, bool)
    assert (forms[0] == forms[1]) is alike


@given(values)
def test_value_is_found_when_a_filter_has_its_text(value):
    kept = read_conditions({"a": value})["a"]
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()

    assert kept in forms_of(text)


@given(values)
def test_json_is_the_same_when_duckdb_writes_it(value):
    kept = read_conditions({"a": value})["a"]

    ((written,),) = duckdb.execute(
        f"SELECT {value_sql('kept')} FROM (SELECT ? AS kept)", [kept]
    ).fetchall()

    assert msgspec.json.decode(written) == value


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"Quant": "x"}, "Quant"),
        ({"1a": "x"}, "1a"),
        ({"a" * 41: "x"}, "a" * 41),
        ({"a-b": 1}, "a-b"),
        ({"": 1}, ""),
        ({"a": "x" * (MAX_CONDITION_CHARACTERS + 1)}, "a"),
        ({"a": ["x"]}, "a"),
        ({"a": {}}, "a"),
        ({"a": 2**63}, "a"),
        ({f"c{n}": n for n in range(17)}, ""),
        (["a"], ""),
        ("quant=Q4", ""),
    ],
)
def test_conditions_are_refused_when_no_run_can_have_them(said, name):
    with pytest.raises(ConditionInvalid) as refused:
        read_conditions(said)

    assert (refused.value.name, refused.value.code) == (name, "condition_invalid")


def test_unknown_conditions_are_left_out_when_they_are_null():
    assert read_conditions({"quant": None, "threads": 4}) == {"threads": "4"}
    assert read_conditions(None) == {}


def test_good_ones_are_kept_when_others_are_bad():
    found, wrong = sift_conditions({"quant": "Q4", "Bad": 1, "a": [], "warm": True, "os": None})

    assert found == {"quant": "Q4", "warm": "true"}
    assert [detail.split()[0] for detail in wrong] == ["'Bad'", "a"]


def test_the_runners_word_stands_when_both_say_something():
    found, left_out = joined_conditions({"quant": "Q4", "commit": "a"}, {"quant": "Q8"})

    assert (found, left_out) == ({"commit": "a", "quant": "Q8"}, [])


def test_flags_go_before_others_when_there_is_room_for_some():
    theirs = {f"c{n:02}": "x" for n in range(14)}
    ours = {"os": "linux", "threads": "4", "flag_throttled": "true"}

    found, left_out = joined_conditions(theirs, ours)

    assert found.keys() == {*theirs, "flag_throttled", "os"}
    assert left_out == ["threads is left out: a run has at most 16"]


@pytest.mark.parametrize("name", ["quant", "cond.", "cond.Quant", "cond.a.b", "cond.a'b", "device"])
def test_name_is_no_condition_when_its_form_is_another(name):
    assert condition_of(name) is None
