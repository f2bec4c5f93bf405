"""Summaries agree with NumPy; points keep the peaks."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import clock
from shared.datasets.metrics.ordering import order
from shared.datasets.metrics.points import shown_points
from shared.datasets.metrics.series import summaries
from tests.kit.effort import examples

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
    order(connection, [COLUMN])
    return summaries(connection, [COLUMN])[COLUMN]


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
        order(connection, ["speed"])
        found = summaries(connection, ["speed"])["speed"]

    assert (found.n, found.mean, found.min, found.std, found.last) == (0, None, None, None, None)


PLACED = st.lists(
    st.tuples(st.integers(1, 50), st.none() | st.integers(-100, 100).map(float)),
    min_size=1,
    max_size=80,
)


@given(PLACED, st.integers(1, 40))
def test_points_keep_ends_and_peaks_when_there_are_too_many(
    view, placed: list[tuple[int, float | None]], most: int
) -> None:
    ordered = sorted(placed, key=lambda one: one[0])
    all_points = points_of(ordered)

    # A second column has a value in each row: the two are cut into different stretches.
    lines = [b'{"ts":%d,"v":%s,"w":1}' % (AT + at, json.dumps(v).encode()) for at, v in placed]
    with view(lines) as connection:
        order(connection, [COLUMN, FULL])
        found = shown_points(connection, [COLUMN, FULL], most)

    assert found[FULL][0].n == len(placed)
    if all_points:
        assert_shown(found[COLUMN][0], all_points, most)
    else:
        assert COLUMN not in found


FULL = "n" + b"w".hex()


@settings(max_examples=examples(0.4))
@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from("abc")), min_size=1, max_size=80))
def test_each_part_keeps_its_ends_and_peaks_when_there_are_several(
    view, placed: list[tuple[int, str]]
) -> None:
    lines = [
        b'{"ts":%d,"v":%d,"device":"%s"}' % (AT + at, number * 7 % 41, device.encode())
        for number, (at, device) in enumerate(placed)
    ]
    ordered = sorted(enumerate(placed), key=lambda one: one[1][0])

    with view(lines) as connection:
        order(connection, [COLUMN], "CASE device WHEN $1 THEN 0 WHEN $2 THEN 1 ELSE 2 END", "ab")
        found = shown_points(connection, [COLUMN], 6)[COLUMN]

    for part, device in enumerate("abc"):
        of_part = [(at, number * 7 % 41) for number, (at, label) in ordered if label == device]
        assert (part in found) == bool(of_part)
        if of_part:
            assert_shown(found[part], points_of(of_part), 6)


def points_of(ordered: list[tuple[int, Any]]) -> list[tuple[str, float]]:
    return [(clock.iso((AT + at) * 1_000_000), value) for at, value in ordered if value is not None]


def assert_shown(found: Any, whole: list[tuple[str, float]], most: int) -> None:
    assert found.downsampled == (len(whole) > most)
    assert (found.n, found.last) == (len(whole), whole[-1][1])
    assert is_subsequence(found.points, whole)
    if not found.downsampled:
        assert found.points == whole
    else:
        assert len(found.points) <= most
        assert_peaks_and_ends(found.points, whole, most)


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
        values = summarised(connection).n
        found = shown_points(connection, [COLUMN], 10)[COLUMN][0]

    assert (found.points, found.downsampled, values) == (
        [("2025-12-03T18:00:01.000Z", 1.0)],
        False,
        3,
    )
