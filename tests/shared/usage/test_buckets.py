"""Buckets: aligned, bounded, and honest about days that are not 24 hours long."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import DAY_US, LATEST, SECOND_US, iso, read_time, to_us
from shared.errors import MalformedInput
from shared.usage.buckets import (
    MAX_BUCKET_S,
    MAX_BUCKETS,
    TooManyBuckets,
    auto_seconds,
    bucket_edges,
    bucket_seconds,
    is_partial,
)
from shared.usage.zones import zone_names
from tests.kit.effort import examples
from tests.kit.names import short

YEARS_US = 100 * 365 * DAY_US


@given(
    start=st.integers(0, YEARS_US),
    length=st.integers(1, 40 * DAY_US),
    step=st.sampled_from([60, 3600, 86_400, 7 * 86_400]),
    tz=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]),
)
def test_edges_cover_the_window_when_within_bounds(start, length, step, tz):
    if length / SECOND_US / step > MAX_BUCKETS:
        with pytest.raises(TooManyBuckets):
            bucket_edges(step, start, start + length, tz)
        return

    edges = bucket_edges(step, start, start + length, tz)

    assert edges == sorted(set(edges))
    assert edges[0] <= start
    assert edges[-1] < start + length
    assert len(edges) == 1 or edges[1] > start


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [("2025-03-29", "2025-04-01", [24, 23, 24]), ("2025-10-25", "2025-10-28", [24, 25, 24])],
)
def test_days_have_23_or_25_hours_when_clocks_change(first, last, hours):
    start = read_time(f"{first}T00:00:00+{'01:00' if first[5:7] == '03' else '02:00'}")
    end = read_time(f"{last}T00:00:00+{'02:00' if last[5:7] == '04' else '01:00'}")

    edges = [*bucket_edges(86_400, start, end, "Europe/Berlin"), end]

    lengths = [(b - a) // SECOND_US // 3600 for a, b in pairwise(edges)]
    assert lengths == hours


@pytest.mark.parametrize(
    ("end", "partial"),
    [
        ("2025-03-31T00:00:00+02:00", False),
        ("2025-03-30T23:59:59+02:00", True),
        ("2025-10-27T00:00:00+01:00", False),
        ("2025-10-26T23:59:59+01:00", True),
        ("2025-12-04T00:00:00+01:00", False),
        ("2025-12-03T23:59:59+01:00", True),
    ],
)
def test_last_day_is_partial_when_it_ends_later_however_long_it_is(end, partial):
    end_us = read_time(end)
    edges = bucket_edges(86_400, end_us - DAY_US // 2, end_us, "Europe/Berlin")

    assert is_partial(edges, 86_400, end_us, "Europe/Berlin") is partial


def test_hour_is_partial_when_the_window_ends_inside():
    assert is_partial([0], 3600, 3600 * SECOND_US - 1, "Europe/Berlin")
    assert not is_partial([0], 3600, 3600 * SECOND_US, "Europe/Berlin")


def test_day_that_a_zone_left_out_has_no_bucket():
    start = read_time("2011-12-29T00:00:00-10:00")
    end = read_time("2012-01-01T00:00:00+14:00")

    edges = bucket_edges(86_400, start, end, "Pacific/Apia")

    assert [(edge - start) // DAY_US for edge in edges] == [0, 1]
    assert not is_partial(edges, 86_400, end, "Pacific/Apia")
    assert is_partial(edges[:1], 86_400, edges[1] - 1, "Pacific/Apia")


def test_hours_begin_locally_when_the_zone_is_off_by_a_quarter():
    edges = bucket_edges(
        3600, read_time("2025-12-03T10:00:00Z"), read_time("2025-12-03T12:00:00Z"), "Asia/Kathmandu"
    )

    assert [iso(edge)[14:19] for edge in edges] == ["15:00"] * 3


@given(length=st.integers(1, YEARS_US))
def test_auto_gives_about_fifty_buckets_when_the_window_is_long_enough(length):
    step = bucket_seconds("auto", 0, length)

    assert length / SECOND_US / step <= 50


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "1.5", "week", "٣", "9" * 5_000, "0" * 5_000 + "60", "31622401", "+60", "60 "],
    ids=short,
)
def test_bucket_is_refused_when_it_makes_no_sense(text):
    with pytest.raises(MalformedInput):
        bucket_seconds(text, 0, DAY_US)


@pytest.mark.parametrize("tz", ["Mars/Olympus", "../etc/passwd", ""])
def test_zone_is_refused_when_unknown(tz):
    with pytest.raises(MalformedInput):
        bucket_edges(3600, 0, DAY_US, tz)


LATEST_US = to_us(LATEST)
ZONES = st.sampled_from(sorted(zone_names()))


@settings(max_examples=examples(3))
@given(
    start=st.integers(0, 10**15) | st.just(0) | st.integers(LATEST_US - 10**15, LATEST_US - 1),
    length=st.integers(1, 10**15) | st.just(LATEST_US),
    step=st.sampled_from([60, 3_600, 86_400, 604_800, MAX_BUCKET_S]),
    tz=ZONES,
)
def test_edges_are_instants_when_the_window_is_at_an_end_of_time(start, length, step, tz):
    end = min(start + length, LATEST_US)
    step = max(step, auto_seconds(start, end))

    edges = bucket_edges(step, start, end, tz)

    assert edges[0] <= start
    assert edges == sorted(set(edges))
    assert all(iso(edge) for edge in edges)
