"""Numbers of request bodies: a double must be able to hold each, for all that read them later."""

import json
import math
import re
from typing import Any

from shared.errors import Fault, Unacceptable, pointer_step

# A decoder makes integers of any length; a double ends at 309 digits.
_MANY_DIGITS = re.compile(rb"[0-9]{309}")
_HUGE = object()


def check_numbers(body: bytes) -> None:
    """Raises Unacceptable where a number of well-formed JSON is larger than any double."""
    if _MANY_DIGITS.search(body):
        refuse_huge_number(body)


def refuse_huge_number(body: bytes) -> None:
    """As `check_numbers`, looking at every number. Raises ValueError for what is no JSON."""
    found = json.loads(body, parse_int=_number, parse_float=_number, parse_constant=_refused)
    pointer = _place(found)
    if pointer is not None:
        detail = "a number must not be larger than a double holds"
        raise Unacceptable(
            f"{pointer}: {detail}",
            code="validation_failed",
            faults=(Fault(pointer, "out_of_range", detail),),
        )


def _number(text: str) -> object:
    return _HUGE if math.isinf(float(text)) else 0


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _place(value: Any) -> str | None:
    """A JSON Pointer to the first huge number, None where there is none."""
    waiting = [("", value)]
    while waiting:
        pointer, value = waiting.pop()
        if value is _HUGE:
            return pointer
        inner = value.items() if isinstance(value, dict) else enumerate(_listed(value))
        parts = [(f"{pointer}/{pointer_step(name)}", part) for name, part in inner]
        waiting += reversed(parts)
    return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
