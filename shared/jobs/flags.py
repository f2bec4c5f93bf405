"""What a reader must know about a result before comparing it: its flags. No I/O.

A device says most of them; the service adds those that it sees by itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from shared.devices import is_hot_reading
from shared.jobs.bodies import Result
from shared.runs import FLAG_PREFIX

FlagName = Literal[
    "cached",
    "cache_unknown",
    "buffered",
    "interrupted",
    "truncated",
    "thinking_cut",
    "hot_start",
]
FLAGS: tuple[FlagName, ...] = get_args(FlagName)

# A server that evaluated less of a prompt than this share has cut it.
_CUT_BELOW = 0.9
_THOUGHT = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)


def sift_flags(said: object) -> tuple[tuple[str, ...], list[str]]:
    """The flags that there are, in their order, and what is wrong with the others."""
    if said is None:
        return (), []
    if not isinstance(said, list):
        return (), ["flags is no list"]
    wrong = [f"{str(each)[:60]!r} is no flag" for each in said if each not in FLAGS]
    return _ordered(said), wrong


def with_seen_flags(result: Result, kind_of: Callable[[], str | None]) -> Result:
    """The result with the flags that its own numbers show, and with those as conditions.

    `kind_of` looks up its device's kind; it is called only where that decides.
    """
    seen = {
        "truncated": any(map(_is_cut, result.samples)),
        "thinking_cut": _is_thinking_cut(result),
        "hot_start": _began_hot(result, kind_of),
    }
    flags = _ordered([*result.flags, *(name for name, holds in seen.items() if holds)])
    conditions = result.conditions | flag_conditions(flags)
    return msgspec.structs.replace(result, flags=flags, conditions=conditions)


def flag_conditions(flags: Iterable[str]) -> dict[str, str]:
    """The conditions of a run whose result has these flags, as runs keep them."""
    return {FLAG_PREFIX + name: "true" for name in flags}


def _ordered(flags: list[Any]) -> tuple[str, ...]:
    return tuple(name for name in FLAGS if name in flags)


def _is_cut(sample: Mapping[str, Any]) -> bool:
    """Whether prompt tokens neither were evaluated nor came from the cache."""
    prompt, evaluated = _number(sample, "prompt_tokens"), _number(sample, "evaluated_tokens")
    if prompt is None or evaluated is None:
        return False
    return evaluated + (_number(sample, "cached_tokens") or 0) < _CUT_BELOW * prompt


def _is_thinking_cut(result: Result) -> bool:
    """Whether the first repetition, whose output it is, ended before it showed anything."""
    reason = result.samples[0].get("finish_reason") if result.samples else None
    return reason == "length" and not _THOUGHT.sub("", result.output).strip()


def _began_hot(result: Result, kind_of: Callable[[], str | None]) -> bool:
    """By the gate of its kind: phones are hot before others are."""
    before = (result.telemetry or {}).get("before")
    if not isinstance(before, dict):
        return False
    state = before.get("thermal_state")
    known = state if isinstance(state, str | int) and not isinstance(state, bool) else None
    reading = _number(before, "temperature_c"), known
    if is_hot_reading(None, *reading):
        return True
    return is_hot_reading("phone", *reading) and is_hot_reading(kind_of(), *reading)


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
