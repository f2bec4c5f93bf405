"""Errors carry facts and stable codes, and know nothing of HTTP."""

import re

from shared import errors
from shared.errors import EvalyardError, Fault, NotFound


def test_error_carries_its_facts() -> None:
    fault = Fault("/rows/3", "not_an_object", "a row is a JSON object", line=4)

    error = NotFound("gone", code="dataset_not_found", faults=(fault,), allowed=("a",), dataset="d")

    assert str(error) == error.detail == "gone"
    assert error.error_code == "dataset_not_found"
    assert (error.faults, error.allowed, error.facts) == ((fault,), ("a",), {"dataset": "d"})


def test_code_is_the_kinds_own_when_none_is_given() -> None:
    assert NotFound("x").error_code == "not_found"


def test_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    defined = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type)
        and issubclass(value, EvalyardError)
        and value is not EvalyardError
    ]

    assert drawn == defined
