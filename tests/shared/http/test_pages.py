"""Cursors lead on in the list they came from, and nowhere else."""

import base64
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.errors import MalformedInput
from shared.http import Cursors, key_form, up_to

SCOPES = st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple)
KEYS = st.from_regex(r"[a-z]{1,5}-[0-9]{1,3}", fullmatch=True)
KEY = key_form("[a-z]{1,5}-[0-9]{1,3}")
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "a-1\n", "a-1 ", "A-1", "a-1" * 500, "\x00", "ａ-1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


class Spot(msgspec.Struct, frozen=True, array_like=True):
    """A position that is more than a key."""

    page: Annotated[int, msgspec.Meta(ge=0, le=9)]
    name: str = ""


def mine(form: Any = KEY) -> Cursors[Any]:
    return Cursors(("list",), form)


def refuses(cursors: Cursors[Any], cursor: str) -> bool:
    with pytest.raises(MalformedInput) as refused:
        cursors.read(cursor)
    return refused.value.error_code == "cursor_mismatch"


def converted(position: Any, form: Any) -> Any:
    """The position in its form, None where it has another."""
    try:
        found = msgspec.convert(position, form)
    except msgspec.ValidationError:
        return None
    return found if msgspec.to_builtins(found) == msgspec.to_builtins(position) else None


@given(SCOPES, KEYS)
def test_key_comes_back(scope: tuple[str, ...], position: str) -> None:
    cursors = Cursors[str](scope, KEY)

    assert cursors.read(cursors.write(position)) == position


@given(st.builds(Spot, st.integers(0, 9), st.text(max_size=5)))
def test_struct_comes_back(position: Spot) -> None:
    assert mine(Spot).read(mine(Spot).write(position)) == position


@given(SCOPES, SCOPES)
def test_cursor_is_refused_in_another_list(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assume("\x00".join(one) != "\x00".join(other))
    cursor = Cursors[str](one, KEY).write("here-1")

    assert refuses(Cursors(other, KEY), cursor)


@given(ANYTHING, st.sampled_from([KEY, Spot]))
@example(5, KEY)
@example(True, KEY)
@example(None, KEY)
@example(1e308, Spot)
@example([1e308], Spot)
@example([2**70], Spot)
def test_position_is_refused_when_somebody_put_another_in_its_place(
    position: Any, form: Any
) -> None:
    genuine = mine(form).write(Spot(1, "x") if form is Spot else "a-1")
    digest, _ = msgspec.json.decode(base64.urlsafe_b64decode(genuine + "=="))
    edited = msgspec.json.encode([digest, position])

    assert refuses(mine(form), base64.urlsafe_b64encode(edited).rstrip(b"=").decode())


@given(ANYTHING, st.sampled_from([KEY, Spot]))
def test_position_has_the_lists_form_even_when_the_checksum_is_right(
    position: Any, form: Any
) -> None:
    forged = mine(Any).write(position)
    fitting = converted(position, form)

    if fitting is None:
        assert refuses(mine(form), forged)
    else:
        assert mine(form).read(forged) == fitting


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    assert refuses(mine(), text)


@pytest.mark.parametrize("change", ["{}=", "{}\n", " {}", "!{}", "{}AAAA"])
def test_cursor_is_refused_when_it_is_written_otherwise(change: str) -> None:
    assert refuses(mine(), change.format(mine().write("a-1")))


def test_cursor_is_refused_when_it_is_nested_deep() -> None:
    deep = base64.urlsafe_b64encode(b'["x",' + b"[" * 100_000).decode()

    assert refuses(mine(Any), deep)


def test_no_cursor_means_the_beginning() -> None:
    assert mine().read(None) is None


@given(st.lists(st.integers(), max_size=10), st.integers(1, 12))
def test_page_ends_at_the_limit(found: list[int], limit: int) -> None:
    entries, more = up_to(limit, iter(found))

    assert entries == found[:limit]
    assert more == (len(found) > limit)


def test_no_more_than_needed_is_read() -> None:
    source = iter(range(100))

    up_to(3, source)

    assert next(source) == 4
