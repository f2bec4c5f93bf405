"""Texts as model servers cut them."""

import json

import pytest
from evalyard_runner.backends.texts import joined, text_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (7, ""),
        ([{"type": "text", "text": "a"}, {"type": "image"}, None, "b", {"text": ["c"]}], "abc"),
    ],
)
def test_parts_are_joined_when_a_content_is_a_list(value: object, text: str) -> None:
    assert text_of(value) == text


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_character_is_whole_when_it_was_cut_between_two_chunks(
    text: str, data: st.DataObject
) -> None:
    escaped = [json.loads(f'"{unit}"') for unit in _units(text)]
    raw = text.encode()
    at = data.draw(st.integers(0, len(raw)))
    cut = [half.decode("utf-8", "surrogateescape") for half in (raw[:at], raw[at:])]

    assert joined(escaped) == (text, 0)
    assert joined(cut) == (text, 0)


def test_character_is_replaced_and_counted_when_its_other_half_never_came() -> None:
    assert joined(["a\ud83d", "b", "\ude00", b"c\xf0".decode("utf-8", "surrogateescape")]) == (
        "a\ufffdb\ufffdc\ufffd", 3
    )  # fmt: skip


def _units(text: str) -> list[str]:
    code = text.encode("utf-16-be")
    return [f"\\u{code[at : at + 2].hex()}" for at in range(0, len(code), 2)]
