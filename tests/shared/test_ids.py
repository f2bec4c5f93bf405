"""Ids sort by birth, repeat where they must, and secrets look as the contract says."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import ids

TIMES_US = st.integers(0, 250_000_000_000_000_000)


@given(TIMES_US, TIMES_US)
def test_ids_sort_by_the_millisecond_of_their_birth(first_us: int, second_us: int) -> None:
    first, second = ids.ulid(first_us), ids.ulid(second_us)

    if first_us // 1_000 != second_us // 1_000:
        assert (first < second) == (first_us < second_us)


@given(TIMES_US)
def test_time_of_birth_can_be_read(at_us: int) -> None:
    assert ids.ulid_time_us(ids.ulid(at_us)) == at_us - at_us % 1_000


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=12))
def test_time_of_birth_is_that_of_the_first_ten_characters(value: str) -> None:
    number = 0
    for char in value[:10]:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(char)

    assert ids.ulid_time_us(value) == number * 1_000


@pytest.mark.parametrize("odd", "ILOU_+- abz\x00\n!éٱ")
def test_no_time_is_read_when_a_character_is_none_of_an_id(odd: str) -> None:
    for place in (0, 5, 9):
        with pytest.raises(ValueError, match=r"invalid literal|can't encode"):
            ids.ulid_time_us("01KAJ6K1QZ"[:place] + odd + "01KAJ6K1QZ"[place + 1 :])


@given(
    TIMES_US, st.lists(st.text(max_size=10), max_size=3), st.lists(st.text(max_size=10), max_size=3)
)
def test_repeatable_id_is_the_same_for_the_same_parts_only(
    at_us: int, parts: list[str], others: list[str]
) -> None:
    value = ids.repeatable_ulid(at_us, *parts)

    assert value == ids.repeatable_ulid(at_us, *parts)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", value)
    if parts != others and not any("\x00" in part for part in parts + others):
        same_hash_input = "\x00".join(parts) == "\x00".join(others)
        assert same_hash_input or value != ids.repeatable_ulid(at_us, *others)


def test_ids_do_not_meet() -> None:
    assert len({ids.ulid(0) for _ in range(1_000)}) == 1_000


def test_tokens_carry_their_prefix_and_256_bits() -> None:
    token = ids.new_token("eyt")

    assert re.fullmatch("eyt_[A-Za-z0-9_-]{43}", token)
    assert re.fullmatch("[0-9a-f]{64}", ids.token_digest(token))


def test_webhook_secret_is_base64_of_24_bytes() -> None:
    prefix, _, secret = ids.new_webhook_secret().partition("_")

    assert prefix == "whsec"
    assert len(base64.b64decode(secret, validate=True)) == 24
