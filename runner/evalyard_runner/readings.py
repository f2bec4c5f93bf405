"""Reads numbers that a model server says about itself; what is no such number is None; no I/O."""

from typing import Any


def member(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under a key, empty when there is none."""
    value = mapping.get(key)
    return value if isinstance(value, dict) else {}


def count(value: object) -> int | None:
    """A number of tokens."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def first_count(*values: object) -> int | None:
    """The first of the values that is a number of tokens."""
    return next((found for found in map(count, values) if found is not None), None)


def duration(value: object) -> float | None:
    """A time that passed; 0 means that nobody measured it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value > 0 else None
