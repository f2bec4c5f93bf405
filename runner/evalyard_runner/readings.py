"""Reads numbers that a model server says about itself; what is no such number is None; no I/O."""

from math import inf
from typing import Any, Final

# What is above it is no count of tokens, and the API takes none such.
_MOST_TOKENS: Final = 10**12


def member(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key, empty when there is none."""
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[dict[str, Any]]:
    """The objects of a list; what else stands in it, or instead of it, is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def count(value: object) -> int | None:
    """A number of tokens."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def first_count(*values: object) -> int | None:
    """The first of the values that is a number of tokens."""
    return next((found for found in map(count, values) if found is not None), None)


def duration(value: object) -> float | None:
    """A time that passed; 0 means that it was not measured."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < inf else None
