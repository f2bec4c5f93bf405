"""Parts of JSON texts, good and bad ones, as they were sent."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MalformedInput
from shared.json_parts import RepeatedMember, array_parts, object_parts
from tests.kit.effort import examples
from tests.shared.datasets.texts import SPACES, json_texts, separable

SPACE = b" \t\r\n"


@settings(max_examples=examples(2))
@given(separable(), SPACES)
def test_elements_are_those_that_were_joined(rows, gap):
    text = gap + b"[" + gap + (gap + b"," + gap).join(rows) + gap + b"]" + gap

    assert array_parts(text) == [row.strip(SPACE) for row in rows]


NAMES = st.lists(
    st.sampled_from([b'"a"', b'"b"', b'"\\u0063"', b'"d e"', b'"}"', b'"\\""']),
    unique=True,
    min_size=1,
)


@pytest.mark.exhaustive
@settings(max_examples=examples(2))
@given(NAMES, st.data(), SPACES)
def test_members_are_those_that_were_joined(names, data, gap):
    values = data.draw(separable())
    pairs = list(zip(names, values, strict=False))
    members = [name + gap + b":" + gap + value for name, value in pairs]

    found = object_parts(b"{" + gap + (gap + b"," + gap).join(members) + gap + b"}")

    assert found == {json.loads(name): value.strip(SPACE) for name, value in pairs}


@settings(max_examples=examples(2))
@given(json_texts())
def test_good_json_has_the_parts_that_a_decoder_finds(text):
    try:
        expected = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return

    if isinstance(expected, list):
        assert [msgspec.json.decode(part) for part in array_parts(text)] == expected
    else:
        with pytest.raises(msgspec.ValidationError):
            array_parts(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":22}',
        b'{"a":22,"a":1}',
        b'{"a":1,"b":2,"a":3}',
        b'{"a":1,"\\u0061":1}',
        b'{"a":"\\ud83d","b":1,"a":tru}',
    ],
)
def test_member_that_is_there_twice_is_refused(text):
    with pytest.raises(RepeatedMember):
        object_parts(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b"[1",
        b"]",
        b"[1]]",
        b"[1] 2",
        b"[,]",
        b"[1,]",
        b"[1 2]",
        b"[1:2]",
        b'["a]',
        b'["a\\',
        b'["a"b]',
        b"[{1:2}]",
        b"[{a:2}]",
        b'[{"a"}]',
        b'[{"a":}]',
        b'[{"\\ud83d" 1}]',
        b"[{]}",
        b"[tru fals]",
        b'["\\ud83d", NaN]',
        b"[" * 100_000,
        b'["' * 100_000,
    ],
)
def test_text_is_refused_when_its_structure_is_broken(text):
    with pytest.raises(MalformedInput) as refused:
        array_parts(text)

    assert refused.value.error_code == "malformed_json"
