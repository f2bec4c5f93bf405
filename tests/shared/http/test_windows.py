"""The window of a question, in each of its forms and in none that conflict."""

from typing import Any

import pytest

from shared import clock
from shared.errors import MalformedInput
from shared.http import Window, requested_window
from tests.conftest import HeldClock
from tests.kit.names import short

HOUR_US = 3_600_000_000


def window(**given: Any) -> Window:
    forms = {"minutes": None, "since_s": None, "from_": None, "to": None}
    return requested_window(**{**forms, **given})


@pytest.mark.parametrize("given", [{"minutes": 60}, {"since_s": 3600}, {"minutes": 60.0}])
def test_last_hour_includes_the_present(held_clock: HeldClock, given: Any) -> None:
    found = window(**given)

    assert found.from_us is not None
    assert found.to_us is not None
    assert found.from_us <= held_clock.now_us < found.to_us
    assert found.to_us - found.from_us == HOUR_US


@pytest.mark.parametrize(
    "given", [{"minutes": 9_999_999_999}, {"since_s": 2_000_000_000}, {"minutes": 1_064_900_000}]
)
def test_window_begins_in_1970_when_it_would_reach_further_back(
    held_clock: HeldClock, given: Any
) -> None:
    found = window(**given)

    assert (found.from_us, found.to_us) == (0, held_clock.now_us + 1)
    assert found.document()["from"] == "1970-01-01T00:00:00.000Z"


def test_window_is_not_empty_when_it_is_very_short(held_clock: HeldClock) -> None:
    found = window(minutes=1e-300)

    assert (found.from_us, found.to_us) == (held_clock.now_us, held_clock.now_us + 1)


def test_window_is_half_open_between_from_and_to() -> None:
    found = window(from_="2025-12-03T00:00:00+01:00", to="1764806400")

    assert found.document() == {
        "from": "2025-12-02T23:00:00.000Z",
        "to": "2025-12-04T00:00:00.000Z",
        "bucket_s": None,
        "partial_last_bucket": False,
    }


def test_offset_is_understood_when_its_plus_came_unencoded() -> None:
    assert window(from_="2025-12-03T00:00:00 01:00").from_us == clock.read_time(
        "2025-12-02T23:00:00Z"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"minutes": 1, "since_s": 60},
        {"minutes": 1, "from_": "2025-01-01"},
        {"since_s": 1, "to": "2025-01-01"},
    ],
)
def test_conflict_when_two_forms_are_given(given: Any) -> None:
    with pytest.raises(MalformedInput) as refused:
        window(**given)
    assert refused.value.error_code == "window_conflict"


@pytest.mark.parametrize("to", ["2025-12-03", "2025-12-02"])
def test_refused_when_window_is_empty(to: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        window(from_="2025-12-03", to=to)
    assert refused.value.error_code == "window_empty"


@pytest.mark.parametrize("text", ["", "soon", "nan", "-1", "2025-13-01", "9" * 4_301], ids=short)
def test_refused_when_time_is_unreadable(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        window(from_=text)
    assert refused.value.error_code == "invalid_parameter"


def test_default_is_the_last_day_only_where_the_caller_chose_none(held_clock: HeldClock) -> None:
    open_ended = window()
    chosen = window(from_="2025-12-03")

    assert open_ended.or_last().from_us == held_clock.now_us + 1 - 24 * HOUR_US
    assert chosen.or_last() == chosen
