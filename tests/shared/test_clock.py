"""Times are read by magnitude and form, and never replaced by the present."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.clock import UnreadableTime
from tests.kit.names import short

DECEMBER_US = 1_764_784_800_000_000  # 2025-12-03T18:00:00Z
# From 1973 on a number's magnitude tells its unit: before, milliseconds look like seconds.
INSTANTS_US = st.integers(100_000_000_000_000, 32_503_680_000_000_000)


@pytest.mark.parametrize(
    "value",
    [
        "2025-12-03T18:00:00Z",
        "2025-12-03T18:00:00",
        "2025-12-03 18:00:00",
        "2025-12-03T19:30:00+01:30",
        "2025-12-03T12:00:00.000-06:00",
        " 2025-12-03T18:00:00Z ",
        "20251203T180000Z",
        1_764_784_800,
        1_764_784_800.0,
        1_764_784_800_000,
        1_764_784_800_000_000,
        1_764_784_800_000_000_000,
        "1764784800",
        "1764784800.0",
        "1764784800000",
        "20251203180000",
        " 20251203180000 ",
        "+1764784800",
        "0000001764784800",
    ],
)
def test_instant_is_the_same_in_every_form(value: object) -> None:
    assert clock.read_time(value) == DECEMBER_US


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "   ",
        "now",
        "yesterday",
        "2025-13-01",
        "2025-12-03T25:00:00Z",
        "2025-02-30",
        math.nan,
        math.inf,
        -math.inf,
        "nan",
        "Infinity",
        "1.7647848e9",
        "1.76478E+12",
        "20251303180000",
        "20251203250000",
        -1,
        -1e20,
        1e40,
        "1e400",
        [],
        {},
        b"2025-12-03",
        "18:00:00",
        "2025-12-03T18:00:00+99:00",
        "9" * 5_000,
        "+" + "1" * 5_000,
        "-" + "1" * 5_000,
        "0" * 5_000 + "1764784800",
        "1" * 5_000 + ".5",
        "1764784800." + "0" * 5_000,
        "1e" + "9" * 5_000,
        " " * 5_000 + "2025-12-03",
        "2025-12-03T18:00:00." + "0" * 5_000 + "Z",
        10**400,
        -(10**400),
        10**4_299,
    ],
    ids=short,
)
def test_error_when_value_is_no_time(value: object) -> None:
    with pytest.raises(UnreadableTime):
        clock.read_time(value)


def test_day_is_its_first_instant_when_time_is_left_out() -> None:
    assert clock.read_time("2025-12-03") == clock.day_start_us("2025-12-03")


@given(INSTANTS_US)
def test_written_instant_reads_back_to_the_millisecond(us: int) -> None:
    assert clock.read_time(clock.iso(us)) == us - us % 1_000


@given(INSTANTS_US)
def test_integer_epochs_mean_the_same_in_ms_us_and_ns(us: int) -> None:
    ms = us // 1_000

    assert clock.read_time(us) == us
    assert clock.read_time(us * 1_000) == us
    assert clock.read_time(ms) == ms * 1_000


@given(INSTANTS_US, st.integers(-14 * 60, 14 * 60))
def test_offset_does_not_move_the_instant(us: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    text = clock.from_us(us).astimezone(zone).isoformat()

    assert clock.read_time(text) == us


@given(INSTANTS_US)
def test_day_holds_its_instants(us: int) -> None:
    start = clock.day_start_us(clock.day_of(us))

    assert start <= us < start + clock.DAY_US


@given(st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31)))
def test_conversion_to_microseconds_is_exact(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)

    assert clock.from_us(clock.to_us(aware)) == aware


DIGITS = st.builds(
    lambda sign, zeros, digits, end: sign + "0" * zeros + digits + end,
    st.sampled_from(["", "+", "-", " "]),
    st.integers(0, 5_000),
    st.integers(0, 10**30).map(str) | st.integers(0, 10_000).map(lambda length: "9" * length),
    st.sampled_from(["", ".0", "." + "0" * 5_000, "e5", "e" + "9" * 5_000, " "]),
)


@given(
    st.one_of(
        st.text(max_size=30),
        DIGITS,
        st.floats(),
        st.integers(),
        st.integers(0, 4_000).map(lambda digits: 10**digits),
        st.none(),
        st.booleans(),
    )
)
def test_anything_is_a_time_between_1970_and_9999_or_an_error(value: object) -> None:
    try:
        us = clock.read_time(value)
    except UnreadableTime:
        return
    assert 0 <= us < 253_370_764_800_000_000


def test_instants_leave_with_milliseconds_and_z() -> None:
    assert clock.iso(DECEMBER_US + 999_999) == "2025-12-03T18:00:00.999Z"
    assert clock.iso_or_none(None) is None


@given(
    st.lists(st.integers(-5, 10**19), max_size=3)
    | st.lists(st.integers(10**9, 2 * 10**9) | st.integers(10**11 - 2, 10**11 + 2), max_size=3)
    | st.lists(st.floats(-5, 1e18, allow_nan=False), max_size=3)
    | st.lists(st.sampled_from([1764784800, 1764784800.5, "2025-12-03", None, True]), max_size=3)
)
def test_many_instants_are_read_as_each_would_be_alone(values: list[object]) -> None:
    def alone() -> list[int] | None:
        try:
            return [clock.read_time(value) for value in values]
        except clock.UnreadableTime:
            return None

    def together() -> list[int] | None:
        try:
            return clock.read_times(values)
        except clock.UnreadableTime:
            return None

    assert together() == alone()


@pytest.mark.parametrize(
    "value",
    [
        26.22,
        353399.7,
        45994.75,
        2025,
        "2025",
        "26.22",
        0,
        -1,
        20251203,
        20251203180000,
        1e40,
        "1999-12-31T23:59:59.999999Z",
        "2025-12-04T18:00:00.000001Z",
        "202512031800",
    ],
)
def test_time_of_a_row_is_implausible_when_nothing_was_measured_then(value: object) -> None:
    with pytest.raises(clock.ImplausibleTime):
        clock.read_row_time(value, DECEMBER_US)
    with pytest.raises(clock.ImplausibleTime):
        clock.read_row_times([value], DECEMBER_US)


@pytest.mark.parametrize("value", ["2000-01-01", "2025-12-04T18:00:00Z", "20251203180000"])
def test_time_of_a_row_is_read_when_it_is_since_2000_and_a_day_ahead_at_most(value: str) -> None:
    us = clock.read_time(value)

    assert clock.read_row_time(value, DECEMBER_US) == us
    assert clock.read_row_times([value, us], DECEMBER_US) == [us, us]
