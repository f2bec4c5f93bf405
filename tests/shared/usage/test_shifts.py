"""Shifts are found where a level changes, and hardly ever where it does not."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.usage.shifts import Points, WeighedPoints, best_place, may_shift, shifts_of, t_test

KINDS = {
    "normal": lambda chance: chance.gauss(100, 5),
    "skewed": lambda chance: chance.lognormvariate(4, 0.2),
    "coarse": lambda chance: chance.choice([10, 10, 10, 11, 11]),
    "spiky": lambda chance: chance.gauss(100, 3) * (3 if chance.random() < 0.02 else 1),
}


def series(kind, n, chance, *, times=1.0):
    return [KINDS[kind](chance) * times for _ in range(n)]


def found(values):
    return [shift.place for shift in shifts_of(Points(values, [1] * len(values)), 0.03)]


def joined(older, size, newer):
    """Means of so many runs, and single runs after them."""
    return Points(older + newer, [size] * len(older) + [1] * len(newer))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_when_there_is_only_noise(kind):
    chance, count = random.Random(7), 60

    alarms = sum(bool(found(series(kind, n, chance))) for n in (20, 60) for _ in range(count // 2))

    assert alarms <= 9  # 1 in 20 of 60, and what chance adds in 999 of 1,000 cases


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [15, 50, 200, 1_000])
def test_at_most_one_noise_of_twenty_has_a_change(kind, n):
    chance, count = random.Random(n), 400

    alarms = sum(bool(found(series(kind, n, chance))) for _ in range(count))

    assert alarms <= 0.05 * count + 3 * math.sqrt(0.05 * 0.95 * count)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_at_most_one_noise_of_twenty_has_a_change_when_older_points_are_means(kind):
    chance, count = random.Random(8), 200

    def noise():
        older = [sum(series(kind, 8, chance)) / 8 for _ in range(200)]
        return joined(older, 8, series(kind, 200, chance))

    alarms = sum(bool(shifts_of(noise(), 0.03)) for _ in range(count))

    assert alarms <= 0.05 * count + 3 * math.sqrt(0.05 * 0.95 * count)


@pytest.mark.nightly
@pytest.mark.parametrize("n", [60, 300])
@pytest.mark.parametrize("place", [0, 3, -2])
def test_at_most_one_noise_of_twenty_has_a_change_when_it_has_a_spike_next_to_an_end(n, place):
    count = 400

    def noise(seed):
        values = series("normal", n, random.Random(seed))
        values[place] *= 5
        return values

    alarms = sum(bool(found(noise(seed))) for seed in range(count))

    assert alarms <= 0.05 * count + 3 * math.sqrt(0.05 * 0.95 * count)


def warm(n, correlation, chance):
    """Runs of a phone that stays warm for a while: each is like the one before it."""
    level, rest = 0.0, math.sqrt(1 - correlation**2)
    for _ in range(n):
        level = correlation * level + rest * chance.gauss(0, 1)
        yield 100 + 5 * level


@pytest.mark.parametrize("correlation", [0.3, 0.6])
def test_nothing_is_found_when_neighbours_are_alike(correlation):
    chance, count = random.Random(10), 60

    alarms = sum(bool(found(list(warm(200, correlation, chance)))) for _ in range(count))

    assert alarms <= 9


@pytest.mark.nightly
@pytest.mark.parametrize("n", [15, 50, 200, 1_000])
@pytest.mark.parametrize(("correlation", "share"), [(0.3, 0.05), (0.6, 0.15)])
def test_few_noises_have_a_change_when_neighbours_are_alike(n, correlation, share):
    chance, count = random.Random(n), 400

    alarms = sum(bool(found(list(warm(n, correlation, chance)))) for _ in range(count))

    assert alarms <= share * count + 3 * math.sqrt(share * (1 - share) * count)


def test_shift_is_found_when_neighbours_are_alike():
    chance = random.Random(11)
    values = [*warm(100, 0.3, chance), *(1.1 * value for value in warm(100, 0.3, chance))]

    (place,) = found(values)

    assert abs(place - 100) <= 2


def test_obvious_shift_is_found_when_runs_are_few():
    chance = random.Random(13)

    places = found([chance.gauss(level, 0.01) for level in [10] * 20 + [12] * 6])

    assert places == [20]


@pytest.mark.parametrize("kind", ["normal", "skewed", "spiky"])
def test_shift_is_found_where_it_is(kind):
    chance = random.Random(3)

    places = found(series(kind, 40, chance) + series(kind, 25, chance, times=1.3))

    assert len(places) == 1
    assert abs(places[0] - 40) <= 2


def test_several_shifts_are_found_when_levels_come_and_go():
    chance = random.Random(4)
    values = [
        value for times in (1, 1.3, 1, 0.7) for value in series("normal", 30, chance, times=times)
    ]

    assert [round(place, -1) for place in found(values)] == [30, 60, 90]


@pytest.mark.parametrize("place", [0, 1, 5, 20, 35, 38, 39])
def test_single_spike_is_no_change(place):
    values = series("normal", 40, random.Random(5))
    values[place] *= 5

    assert found(values) == []


@pytest.mark.parametrize("place", range(0, 120, 7))
def test_single_spike_is_no_change_when_many_points_are_looked_at_together(place):
    values = series("normal", 120, random.Random(9))
    assert found(values) == []

    values[place] *= 50

    assert found(values) == []


def test_step_is_found_when_nothing_else_varies():
    assert found([10.0] * 20 + [12.0] * 6) == [20]
    assert found([10.0] * 20) == []
    # A side has five runs at least, so the place is the nearest that leaves as many.
    assert found([10.0] * 20 + [12.0] * 4) == [19]


def test_older_means_weigh_as_many_runs_as_they_are():
    chance = random.Random(6)
    older = [sum(series("normal", 50, chance)) / 50 for _ in range(40)]
    newer = series("normal", 40, chance)

    assert shifts_of(joined(older, 50, newer), 0.03) == []


def test_shift_among_older_means_is_found_when_newer_runs_spread_more():
    chance = random.Random(6)
    means = [series("skewed", 40, chance, times=1.0 + 0.1 * (n >= 100)) for n in range(150)]
    older = [sum(values) / 40 for values in means]
    newer = series("skewed", 150, chance, times=1.1)

    (shift,) = shifts_of(joined(older, 40, newer), 0.03 / 50)

    assert abs(shift.place - 100) <= 2


def test_means_are_of_their_kind_when_the_oldest_is_of_a_single_run():
    chance = random.Random(6)
    means = [series("skewed", 40, chance, times=1.0 + 0.1 * (n >= 100)) for n in range(150)]
    older = [sum(values) / 40 for values in means]
    points = joined(older, 40, series("skewed", 150, chance, times=1.1))

    (shift,) = shifts_of(points._replace(runs=[1, *points.runs[1:]]), 0.03 / 50)

    assert abs(shift.place - 100) <= 2


@pytest.mark.parametrize("unit", [1e-320, 1e-200, 1e200, 1e305])
def test_shift_is_the_same_when_no_float_holds_squares(unit):
    values = series("normal", 40, random.Random(3)) + series(
        "normal", 40, random.Random(4), times=2
    )

    (shift,) = shifts_of(Points([value * unit for value in values], [1] * 80), 0.03)

    assert shift.place == 40
    # Of a unit next to zero few digits are kept.
    (plain,) = shifts_of(Points(values, [1] * 80), 0.03)
    assert math.log(shift.p_value) == pytest.approx(math.log(plain.p_value), rel=1e-2)


@given(
    values=st.lists(st.floats(-10, 10) | st.sampled_from([100.0, 101.0]), min_size=10, max_size=60),
    worths=st.sampled_from([1.0, 7.5]),
    significance=st.sampled_from([0.3, 0.03, 0.0006]),
)
def test_stretch_is_searched_when_any_place_could_be_a_shift(values, worths, significance):
    half = len(values) // 2
    weights = [worths] * half + [1.0] * (len(values) - half)
    whole = WeighedPoints(values, weights, [1.0] * len(values))

    least = min(
        t_test(whole.between(0, place), whole.between(place, len(values)))
        for place in range(5, len(values) - 4)
    )

    # What is looked at everywhere is as likely as the sum of all places at most.
    places = len(values) - 9
    if least * places < significance:
        assert may_shift(whole, significance)
    if least >= significance and max(values) - min(values) > 1e-3:
        assert not may_shift(whole, significance * 0.99)


@given(values=st.lists(st.floats(-1e6, 1e6) | st.sampled_from([1.0, 2.0]), min_size=10))
def test_place_is_the_one_of_the_greatest_energy_distance(values):
    def between(some, other):
        return math.fsum(abs(x - y) for x in some for y in other)

    def energy(place):
        left, right = values[:place], values[place:]
        m, n = len(left), len(right)
        within = between(left, left) / (m * (m - 1)) + between(right, right) / (n * (n - 1))
        return m * n / (m + n) * (2 * between(left, right) / (m * n) - within)

    place = best_place(values)

    most = max(map(energy, range(5, len(values) - 4)))
    rounding = 1e-9 * len(values) * max(map(abs, values))
    assert (
        energy(place) == pytest.approx(most, rel=1e-9, abs=rounding) if place else most <= rounding
    )


@pytest.mark.parametrize("n", [0, 1, 9])
def test_nothing_is_found_when_there_are_too_few_points(n):
    assert found([1.0] * (n // 2) + [2.0] * (n - n // 2)) == []
