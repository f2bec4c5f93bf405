"""Conditions of a run: under what it was measured. The one place that judges and keeps them.

They are kept as a map of texts, so that Parquet and whatever reads it know one type. A number
or a boolean is its JSON; text that would be read as one of these, or that begins with a quote,
is a JSON string; all other text is itself. So each value has one form, and comes back as it was.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Condition = str | int | float | bool

MAX_CONDITIONS = 16
MAX_CONDITION_CHARACTERS = 128
CONDITION_NAME = "[a-z][a-z0-9_]{0,39}"
# How a condition is called where dimensions are: in filters, groups, keys.
PREFIX = "cond."
# What a runner doubts of its own result.
FLAG_PREFIX = "flag_"
# A number as JSON writes it; the same in Python and in DuckDB.
NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
CONDITION_SCHEMA: dict[str, Any] = {
    "type": ["string", "number", "boolean"],
    "maxLength": MAX_CONDITION_CHARACTERS,
}
_NUMBER = re.compile(NUMBER, re.ASCII)
_NAME = re.compile(CONDITION_NAME, re.ASCII)
_WORDS = ("true", "false")
# A commit of digits only, of an exponent (4e21337), or 007 stays the text that it is.
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?", re.ASCII)
_LARGEST = 2**63


class ConditionInvalid(ValueError):
    """A condition that a run cannot have: its name ("" for all of them), and what is wrong."""

    code = "condition_invalid"

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name = name
        self.detail = detail


def read_conditions(said: object) -> dict[str, str]:
    """Conditions as they are kept, by name in order; null is one that is not known.

    Raises ConditionInvalid for the first that is wrong, and for more than 16.
    """
    given = {} if said is None else _members(said)
    read = ((name, read_condition(name, value)) for name, value in given.items())
    return _few({name: kept for name, kept in sorted(read) if kept is not None})


def written_conditions(texts: Mapping[str, str]) -> dict[str, str]:
    """Conditions that are written as text, as a query does: a plain number, `true` and `false`
    are such. Raises ConditionInvalid.
    """
    return read_conditions({name: _written(text) for name, text in texts.items()})


def sift_conditions(said: object) -> tuple[dict[str, str], list[str]]:
    """The good ones in the order in which they were sent, and what is wrong with the others."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    try:
        given = {} if said is None else _members(said)
    except ConditionInvalid as exc:
        return {}, [exc.detail]
    for name, value in given.items():
        try:
            kept = read_condition(name, value)
        except ConditionInvalid as exc:
            wrong.append(exc.detail)
        else:
            found |= {name: kept} if kept is not None else {}
    return found, wrong


def read_condition(name: object, value: object) -> str | None:
    """One condition as it is kept; None for null. Raises ConditionInvalid."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        shown = str(name)[:60]
        raise ConditionInvalid(shown, f"{shown!r} is no name of a condition: ^{CONDITION_NAME}$")
    return None if value is None else _kept(name, value)


def conditions_schema() -> dict[str, Any]:
    """The JSON Schema of conditions that are sent; null is one that is not known."""
    value = CONDITION_SCHEMA | {"type": [*CONDITION_SCHEMA["type"], "null"]}
    return {
        "type": ["object", "null"],
        "additionalProperties": value,
        "propertyNames": {"pattern": f"^{CONDITION_NAME}$"},
        "maxProperties": MAX_CONDITIONS,
        "examples": [{"commit": "4f2c1d9", "threads": 4}],
    }


def joined_conditions(
    theirs: Mapping[str, str], ours: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Those of two sources as those of one run, and what had to be left out; `ours` stand.

    Where they are more than 16: all of `theirs`, then the flags of a device's result, then the
    first others of `ours` that fit.
    """
    ordered = sorted(ours, key=lambda name: not name.startswith(FLAG_PREFIX))
    both = {**theirs, **{name: ours[name] for name in ordered}}
    names = list(both)[:MAX_CONDITIONS]
    left = [f"{name} is left out: a run has at most {MAX_CONDITIONS}" for name in both]
    return {name: both[name] for name in sorted(names)}, left[MAX_CONDITIONS:]


def condition_values(kept: Mapping[str, str] | None) -> dict[str, Condition]:
    """Conditions as the API shows them."""
    return {name: condition_value(text) for name, text in (kept or {}).items()}


def condition_value(kept: str) -> Condition:
    """The value of a condition as the API shows it."""
    if not _is_json(kept):
        return kept
    value: Condition = msgspec.json.decode(kept)
    return value


def forms_of(text: str) -> Iterator[str]:
    """The forms in which the values that a filter's text means are kept: `4` is the number and
    the text.
    """
    yield _text(text)
    if text in _WORDS:
        yield text
    elif _NUMBER.fullmatch(text):
        number = int(text) if text.lstrip("-").isdecimal() else float(text)
        if _is_storable(number):
            yield _number("", number)


def condition_of(dimension: str) -> str | None:
    """The condition's name in `cond.<name>`; None for what is no such dimension."""
    name = dimension.removeprefix(PREFIX)
    return name if name != dimension and _NAME.fullmatch(name) else None


def dimension_sql(dimension: str) -> str:
    """SQL for a dimension's value over a table that has its columns, those of runs."""
    name = condition_of(dimension)
    return dimension if name is None else f"conditions['{name}']"


def value_sql(kept: str) -> str:
    """SQL for the JSON of a kept value."""
    json = f"regexp_full_match({kept}, '{NUMBER}') OR {kept} IN ('true', 'false')"
    return f"CASE WHEN starts_with({kept}, '\"') OR {json} THEN {kept} ELSE to_json({kept}) END"


def _written(text: str) -> Condition:
    if text in _WORDS:
        return text == "true"
    if _PLAIN_NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _members(said: object) -> Mapping[str, object]:
    if not isinstance(said, Mapping):
        raise ConditionInvalid("", "conditions map names to values")
    return said


def _few(found: dict[str, str]) -> dict[str, str]:
    if len(found) > MAX_CONDITIONS:
        detail = f"a run has at most {MAX_CONDITIONS} conditions, these are {len(found)}"
        raise ConditionInvalid("", detail)
    return found


def _kept(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _WORDS[not value]
    if isinstance(value, int | float):
        return _number(name, value)
    if not isinstance(value, str):
        raise ConditionInvalid(name, f"{name} must be text, a number, true or false")
    if len(value) > MAX_CONDITION_CHARACTERS:
        detail = f"{name} has more than {MAX_CONDITION_CHARACTERS} characters"
        raise ConditionInvalid(name, detail)
    return _text(value)


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode() if _is_json(value) else value


def _number(name: str, value: float) -> str:
    if not _is_storable(value):
        raise ConditionInvalid(name, f"{name} must be a number of at most 64 bits")
    whole = abs(value) < _LARGEST and value == int(value)
    return str(int(value)) if whole else repr(value)


def _is_storable(value: float) -> bool:
    """Whether it is a double, or a whole number of 64 bits."""
    return abs(value) < (_LARGEST if isinstance(value, int) else math.inf)


def _is_json(text: str) -> bool:
    return text in _WORDS or text[:1] == '"' or _NUMBER.fullmatch(text) is not None
