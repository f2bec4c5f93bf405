"""The flags that the service sees in a result by itself."""

from typing import Any

import pytest

from shared.jobs.bodies import Result
from shared.jobs.flags import with_seen_flags

SEEN = {"index": 0, "prompt_tokens": 1000, "evaluated_tokens": 1000, "cached_tokens": 0}


def flags_of(kind: str | None = None, **fields: Any) -> list[str]:
    result = Result(**{"output": "Because.", "metrics": {}, **fields})
    return list(with_seen_flags(result, lambda: kind).flags)


@pytest.mark.parametrize(
    ("counts", "flags"),
    [
        ({}, []),
        ({"evaluated_tokens": 899}, ["truncated"]),
        ({"evaluated_tokens": 900}, []),
        ({"evaluated_tokens": 100, "cached_tokens": 900}, []),
        ({"evaluated_tokens": 100, "cached_tokens": None}, ["truncated"]),
        ({"evaluated_tokens": None}, []),
        ({"prompt_tokens": "many"}, []),
    ],
)
def test_prompt_was_cut_when_the_server_evaluated_too_little_of_it(
    counts: dict[str, Any], flags: list[str]
) -> None:
    assert flags_of(samples=[SEEN, SEEN | counts]) == flags


@pytest.mark.parametrize(
    ("output", "reason", "flags"),
    [
        ("", "length", ["thinking_cut"]),
        (" \n", "length", ["thinking_cut"]),
        ("<think>Let me see", "length", ["thinking_cut"]),
        ("<think>Let me see</think>\n", "length", ["thinking_cut"]),
        ("<think>Let me see</think>\nYes", "length", []),
        ("Because", "length", []),
        ("", "stop", []),
        ("", None, []),
    ],
)
def test_thinking_was_cut_when_the_length_was_used_up_before_anything_visible(
    output: str, reason: str | None, flags: list[str]
) -> None:
    samples = [SEEN | {"finish_reason": reason}]

    assert flags_of(output=output, samples=samples) == flags


@pytest.mark.parametrize(
    ("kind", "before", "flags"),
    [
        (None, {"temperature_c": 84.9}, []),
        (None, {"temperature_c": 85.0}, ["hot_start"]),
        ("phone", {"temperature_c": 45.0}, ["hot_start"]),
        ("Android", {"temperature_c": 44.9}, []),
        (None, {"thermal_state": "severe"}, ["hot_start"]),
        (None, {"thermal_state": 3, "temperature_c": None}, ["hot_start"]),
        (None, {"temperature_c": "hot", "thermal_state": True}, []),
        (None, None, []),
    ],
)
def test_device_began_hot_when_it_was_hotter_than_its_gate(
    kind: str | None, before: Any, flags: list[str]
) -> None:
    telemetry = {"before": before, "after": {"temperature_c": 99.0}}

    assert flags_of(kind, telemetry=telemetry) == flags


def test_kind_is_not_looked_up_when_it_decides_nothing() -> None:
    def never() -> str:
        raise AssertionError

    cool = Result(output="x", metrics={}, telemetry={"before": {"temperature_c": 40.0}})
    hot = Result(output="x", metrics={}, telemetry={"before": {"temperature_c": 90.0}})

    assert with_seen_flags(cool, never).flags == ()
    assert with_seen_flags(hot, never).flags == ("hot_start",)
