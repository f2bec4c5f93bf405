"""Summaries agree with NumPy; points keep the peaks."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.datasets.metrics.series import bounds, last_value, points, summary

AT = 1_764_784_800
COLUMN = "n" + b"v".hex()
VALUES = st.floats(-1e90, 1e90) | st.integers(-1000, 1000).map(float)


def lines_of(values: list[float], times: list[int | None] | None = None) -> list[bytes]:
    seconds = times or list(range(1, len(values) + 1))
    return [
        json.dumps({"ts": None if at is None else AT + at, "v": value}).encode()
        for at, value in zip(seconds, values, strict=True)
    ]


def summarised(connection: Any) -> Any:
    return summary(connection, COLUMN, bounds(connection, [COLUMN])[COLUMN])


@given(st.lists(VALUES, min_size=1, max_size=60))
def test_summary_is_numpys_when_values_are_arbitrary(view, values: list[float]) -> None:
    with view(lines_of(values)) as connection:
        found = summarised(connection)

    known = np.array(values)
    near = {"rel": 1e-9, "abs": 1e-9 * float(np.abs(known).max())}
    assert (found.n, found.min, found.max) == (len(values), min(values), max(values))
    assert found.mean == pytest.approx(float(known.mean()), **near)
    assert found.std == pytest.approx(float(known.std()), **near)
    for q in (50, 90, 95, 99):
        assert getattr(found, f"p{q}") == pytest.approx(float(np.percentile(known, q)), **near)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=10))
def test_summary_is_finite_when_values_are_huge(view, values: list[float]) -> None:
    with view(lines_of(values)) as connection:
        found = summarised(connection)

    numbers = [found.mean, found.p50, found.p90, found.p95, found.p99, found.std]
    assert all(value is not None and math.isfinite(value) for value in numbers)


def test_summary_is_null_when_there_is_nothing(view) -> None:
    with view([b'{"v":"x"}']) as connection:
        found = summarised(connection)

    assert (found.n, found.mean, found.min, found.std, found.last) == (0, None, None, None, None)


PLACED = st.lists(
    st.tuples(st.integers(1, 50), st.integers(-100, 100).map(float)), min_size=1, max_size=80
)


@given(PLACED, st.integers(1, 40))
def test_points_keep_ends_and_peaks_when_there_are_too_many(
    view, placed: list[tuple[int, float]], most: int
) -> None:
    ordered = sorted(placed, key=lambda one: one[0])
    all_points = [(clock.iso((AT + at) * 1_000_000), value) for at, value in ordered]

    with view(lines_of([v for _, v in placed], [t for t, _ in placed])) as connection:
        found, downsampled = points(connection, COLUMN, most)
        last = last_value(connection)

    assert downsampled == (len(placed) > most)
    assert last == all_points[-1][1]
    assert is_subsequence(found, all_points)
    if not downsampled:
        assert found == all_points
    else:
        assert len(found) <= most
        assert_peaks_and_ends(found, all_points, most)


def is_subsequence(found: list[Any], whole: list[Any]) -> bool:
    rest = iter(whole)
    return all(point in rest for point in found)


def assert_peaks_and_ends(found: list[Any], whole: list[Any], most: int) -> None:
    shown, values = [value for _, value in found], [value for _, value in whole]
    assert max(values) in shown
    assert most < 2 or min(values) in shown
    assert most < 3 or found[-1] == whole[-1]
    assert most < 4 or found[0] == whole[0]


def test_row_has_no_point_when_it_has_no_time(view) -> None:
    lines = [b'{"ts":1764784801,"v":1}', b'{"ts":"soon","v":9}', b'{"v":5}']

    with view(lines) as connection:
        found, downsampled = points(connection, COLUMN, 10)
        values = summarised(connection).n

    assert (found, downsampled, values) == ([("2025-12-03T18:00:01.000Z", 1.0)], False, 3)
