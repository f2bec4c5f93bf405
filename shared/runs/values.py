"""The values of a run as others send them: what each may be, and what is wrong with the rest."""

import sys
from collections.abc import Sequence

MAX_LABEL_CHARACTERS = 256
# More than any run has, and so few that a sum over any number of runs is exact.
MAX_TOKENS = 10**12
_OUTCOMES: dict[str | float, bool] = {
    **dict.fromkeys(("true", "ok", "success", "succeeded", 1), True),
    **dict.fromkeys(("false", "error", "failure", "failed", 0), False),
}
# JSON integers may have any length; a double may not.
_MAX_FLOAT = sys.float_info.max


class ValueRefused(ValueError):
    """A value that a run cannot have: a code, and what it must be instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_number(value: object) -> float:
    """Any finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueRefused("not_a_number", "must be a number")
    if not abs(value) <= _MAX_FLOAT:
        raise ValueRefused("out_of_range", "must not be huge")
    return float(value)


def read_amount(value: object) -> float:
    """A time or a speed: a number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueRefused("not_a_number", "must be a number")
    if not 0 <= value <= _MAX_FLOAT:
        raise ValueRefused("out_of_range", "must not be negative or huge")
    return float(value)


def read_count(value: object) -> int:
    """How many: a whole number that is not negative, also written as 12.0."""
    found = read_amount(value)
    if found != int(found):
        raise ValueRefused("not_an_integer", "must be a whole number")
    if found > MAX_TOKENS:
        raise ValueRefused("out_of_range", f"must not be above {MAX_TOKENS}")
    return int(found)


def read_label(value: object) -> str:
    """Text, or a number that serves as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueRefused("not_a_string", "must be a string")


def read_outcome(value: object, ok_values: Sequence[str] | None = None) -> bool:
    """Whether something succeeded: yes or no, 0 or 1, or a word for it in any case.

    With `ok_values` these texts mean ok, and all others do not.
    """
    if isinstance(value, bool):
        return value
    if ok_values is not None:
        return read_label(value) in ok_values
    word = value.strip().lower() if isinstance(value, str) else value
    if isinstance(word, str | int | float) and word in _OUTCOMES:
        return _OUTCOMES[word]
    raise ValueRefused(
        "not_a_boolean",
        "must be true or false, 0 or 1, or one of ok, error, success, failure, succeeded, failed; "
        "ok_values of the adapter names other texts",
    )


def read_flag(value: object) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise ValueRefused("not_a_boolean", "must be true or false")
    return value
