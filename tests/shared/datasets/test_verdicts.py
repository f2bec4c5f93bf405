"""Verdicts on rows, against what the standard library's decoder finds out slowly."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings

from shared.datasets.rows import MAX_DEPTH, MAX_ROW_BYTES, stored_line, validate_rows
from shared.row_bodies import SentRow
from tests.kit.effort import examples
from tests.shared.datasets.texts import json_texts, rows


class Members(list):
    """The members of an object as they stand there, also those that are there twice."""


def oracle(text: bytes) -> str | None:
    """What is wrong with a row, or None."""
    try:
        value = json.loads(text.decode(), object_pairs_hook=Members, parse_constant=refuse)
    except UnicodeDecodeError:
        return "invalid_utf8"
    except ValueError:
        return "invalid_json"
    if not all(readable(leaf) for leaf in leaves(value)):
        return "invalid_json"
    if depth(value) > MAX_DEPTH:
        return "row_too_deep"
    if not isinstance(value, Members):
        return "not_an_object"
    return "duplicate_key" if has_duplicates(value) else None


def refuse(name: str) -> None:
    raise ValueError(name)


def children(value: Any) -> list[Any]:
    if isinstance(value, Members):
        return [child for _, child in value]
    return value if isinstance(value, list) else []


def has_duplicates(value: Any) -> bool:
    keys = [key for key, _ in value] if isinstance(value, Members) else []
    return len(set(keys)) < len(keys) or any(map(has_duplicates, children(value)))


def leaves(value: Any) -> list[Any]:
    keys = [key for key, _ in value] if isinstance(value, Members) else []
    below = [leaf for child in children(value) for leaf in leaves(child)]
    return keys + below if isinstance(value, list) else [value]


def readable(leaf: Any) -> bool:
    if isinstance(leaf, str):
        return not any("\ud800" <= char <= "\udfff" for char in leaf)
    return not isinstance(leaf, float) or math.isfinite(leaf)


def depth(value: Any) -> int:
    below = max((depth(child) for child in children(value)), default=0)
    return below + 1 if isinstance(value, list) else 0


def verdict(text: bytes) -> str | None:
    _, faults = validate_rows([SentRow(text, 1)])
    return faults[0].code if faults else None


@settings(max_examples=examples(4))
@given(rows())
@example(b'{"a":1,"a" :2}')
@example(b'{"a":":","b":{"\\u0061":1,"a":2}}')
@example(b'{"_meta_x":1,"_meta_x":2}')
@example(b'{"a":"\\ud800"}')
@example(b'{"a":1e999}')
def test_verdict_is_that_of_the_standard_library_when_a_row_is_odd(text):
    assert verdict(text) == oracle(text)


@settings(max_examples=examples(2))
@given(json_texts())
def test_verdict_is_that_of_the_standard_library_when_it_is_any_json(text):
    assert verdict(text) == oracle(text)


@settings(max_examples=examples(2))
@given(rows())
def test_stored_line_is_the_row_and_the_servers_members(text):
    accepted, _ = validate_rows([SentRow(text, 1)])

    for row in accepted:
        line = stored_line(row, b'"_meta_user_id":"ada"')
        sent = {k: v for k, v in json.loads(text).items() if not k.startswith("_meta_")}
        assert json.loads(line) == sent | {"_meta_user_id": "ada"}
        assert line.splitlines() == [line]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", None),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "row_too_deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "row_too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "row_too_deep"),
        (b'{"a":"' + b"x" * (MAX_ROW_BYTES - 8) + b'"}', None),
        (b'{"a":"' + b"x" * (MAX_ROW_BYTES - 7) + b'"}', "row_too_large"),
        (b'{"a":"\xff"}', "invalid_utf8"),
        (b'{"\xff":1}', "invalid_utf8"),
        (b'{"a":NaN}', "invalid_json"),
        (b'{"a":1}{', "invalid_json"),
        (b"{'a':1}", "invalid_json"),
        (b'{"a":01}', "invalid_json"),
        (b"", "invalid_json"),
        (b"7", "not_an_object"),
        (b"[{}]", "not_an_object"),
        (b'{"x":[{"a":{"b":1,"b":1}}]}', "duplicate_key"),
        (b'{"\\u0061":1,"a":1}', "duplicate_key"),
        (b'{"a\\u003a":1,"a:":1}', "duplicate_key"),
        (b'{"a":"a","b":"a"}', None),
        (b'{"a":{"a":1},"b":{"a":1}}', None),
    ],
)
def test_row_is_judged_exactly_when_it_is_at_a_limit(text, code):
    assert verdict(text) == code


def test_key_is_named_when_it_is_there_twice():
    _, (fault,) = validate_rows([SentRow(b'{"x":{"gpu":1,"gpu":2}}', 7)])

    assert "'gpu'" in fault.detail
    assert (fault.pointer, fault.line) == ("/rows/0", 7)
