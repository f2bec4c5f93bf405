"""Bytes to lines, in whatever pieces they arrive."""

import pytest
from evalyard_runner.backends.lines import Lines
from evalyard_runner.errors import GenerationError
from hypothesis import given
from hypothesis import strategies as st

ENDS = st.sampled_from(["\n", "\r", "\r\n"])
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.tuples(TEXTS, ENDS)), st.integers(1, 7))
def test_lines_are_the_same_when_they_arrive_in_any_pieces(
    sent: list[tuple[str, str]], size: int
) -> None:
    data = "".join(text + end for text, end in sent).encode()
    lines = Lines()

    found = [line for at in range(0, len(data), size) for line in lines.feed(data[at : at + size])]

    assert [*found, lines.rest()] == [*(text for text, _ in sent), ""]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_line_goes_on_when_a_character_is_no_end_in_json(character: str) -> None:
    assert Lines().feed(f"a{character}b\n".encode()) == [f"a{character}b"]


def test_stream_is_refused_when_a_line_never_ends() -> None:
    lines = Lines(longest_bytes=5)
    lines.feed(b"abc\nabcd")

    with pytest.raises(GenerationError, match="more than 5 bytes"):
        lines.feed(b"ef")
