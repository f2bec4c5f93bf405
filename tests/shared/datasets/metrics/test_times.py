"""SQL reads times exactly as the product's clock does."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.clock import UnreadableTime

OFFSETS = st.one_of(
    st.none(),
    st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda m: timezone(timedelta(minutes=m))),
)
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)


@st.composite
def iso_texts(draw: st.DrawFn) -> str:
    moment = draw(MOMENTS)
    text = moment.isoformat(
        sep=draw(st.sampled_from("T t_")),
        timespec=draw(st.sampled_from(["auto", "minutes", "seconds", "milliseconds"])),
    )
    change = draw(
        st.sampled_from(
            [
                lambda text: text,
                lambda text: text.replace("+00:00", "Z"),
                lambda text: text.replace("-", "").replace(":", ""),
                lambda text: f" {text} ",
                lambda text: text[:10],
                lambda text: text.replace(".", ","),
                lambda text: text.replace("00", "60", 1),
                lambda text: text.replace(":00", ""),
                lambda text: f"{text}Z",
            ]
        )
    )
    return str(change(text))


NUMBERS = st.one_of(
    st.integers(),
    st.integers(0, 2**70),
    st.integers(-5, 5).flatmap(
        lambda n: st.sampled_from([10**11, 10**14, 10**17, 2**63, 253370764800000000]).map(
            lambda limit: limit + n
        )
    ),
    st.integers(0, 10**18).map(lambda n: n / 10**6),
    st.floats(0, 1e19),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.one_of(
    NUMBERS,
    NUMBERS.map(str),
    iso_texts(),
    st.text(max_size=30),
    st.from_regex(r"[0-9T:.Z+-]{1,30}", fullmatch=True),
    st.from_regex(r" {0,80}\+?0{0,80}1764784800 {0,80}", fullmatch=True),
    st.integers(300, 4_000).map(lambda digits: 10**digits),
    st.integers(60, 5_000).map(lambda digits: "9" * digits),
    st.sampled_from([None, True, False, [], {}, [1], {"ts": 1}, "", "null", "\x00", '"', "\\"]),
)


def expected(value: Any) -> int | None:
    try:
        return clock.read_time(value)
    except UnreadableTime:
        return None


@given(st.lists(VALUES, min_size=1, max_size=30))
def test_instants_are_those_of_the_clock_when_read_by_sql(view, values: list[Any]) -> None:
    lines = [json.dumps({"ts": value}).encode() for value in values]

    with view(lines) as connection:
        found = connection.execute("SELECT us FROM timed ORDER BY line").fetchall()

    assert [us for (us,) in found] == [expected(value) for value in values]


@pytest.mark.parametrize(
    "value",
    [
        "2025-12-03T18:00:00Z",
        "2025-12-03 18:00:00",
        "2025-12-03T19:30:00+01:30",
        "2025-12-03T12:00:00.000-06:00",
        1_764_784_800,
        1_764_784_800.0,
        1_764_784_800_000,
        1_764_784_800_000_000,
        1_764_784_800_000_000_000,
    ],
)
def test_usual_form_is_left_to_sql_when_it_is_a_time(view, value: Any) -> None:
    with view([json.dumps({"ts": value}).encode()]) as connection:
        found = connection.execute("SELECT us, odd FROM extracted").fetchall()

    assert found == [(clock.to_us(datetime(2025, 12, 3, 18, tzinfo=UTC)), None)]


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (26.22, False),
        ("1999-12-31T23:59:59Z", False),
        ("2000-01-01", True),
        ("2025-12-04T18:00:00Z", True),
        ("2025-12-04T18:00:01Z", False),
        (4_102_444_800, False),
    ],
)
def test_time_counts_when_a_row_may_have_it(view, value: Any, counts: bool) -> None:
    row = {"ts": value, "_meta_ts": "2025-12-03T18:00:00.000Z"}

    with view([json.dumps(row).encode()]) as connection:
        ((us,),) = connection.execute("SELECT us FROM rows").fetchall()

    assert (us is not None) is counts
