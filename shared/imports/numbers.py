"""Numbers that come as text."""

import re

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# More than any number is written with: the largest double has 309 digits.
_MAX_NUMBER_CHARACTERS = 400
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def number_of(cell: str) -> int | float | None:
    """The number that a cell holds, or None."""
    text = cell.strip()
    if len(text) > _MAX_NUMBER_CHARACTERS:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else None
