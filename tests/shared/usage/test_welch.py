"""Welch's test from moments equals the test on the values, and stays itself in another unit."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.usage.welch import Difference, Sample, difference
from tests.shared.usage.student_oracle import tail

values = st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-3), min_size=2)


def sample(of: list[float]) -> Sample:
    numbers = np.array(of, dtype=float)
    return Sample.of_population(len(of), float(numbers.mean()), float(numbers.std()))


@given(a=values, b=values)
def test_test_equals_the_textbook_when_values_vary(a, b):
    spread = np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b)
    assume(spread > 1e-9 * max(map(abs, a + b)) ** 2)

    found = difference(sample(a), sample(b))

    parts = [np.var(side, ddof=1) / len(side) for side in (a, b)]
    df = spread**2 / sum(p**2 / (len(s) - 1) for p, s in zip(parts, (a, b), strict=True))
    error = math.sqrt(spread)
    assert found.delta == pytest.approx(np.mean(b) - np.mean(a), rel=1e-9, abs=1e-6 * error)
    assert found.p_value == pytest.approx(tail(abs(found.delta) / error, df), rel=1e-6)
    low, high = found.ci95
    assert tail((high - low) / 2 / error, df) == pytest.approx(0.05, rel=1e-6)
    assert (low + high) / 2 == pytest.approx(found.delta, rel=1e-9, abs=1e-9 * error)


# What SciPy 1.17 says: ttest_ind_from_stats(…, equal_var=False).
@pytest.mark.parametrize(
    ("a", "b", "p"),
    [
        (Sample(15, 20.8, math.sqrt(7.9)), Sample(15, 23.0, math.sqrt(3.8)), 0.0197560244703045),
        (Sample(10, 20.6, math.sqrt(9.0)), Sample(20, 22.1, math.sqrt(0.9)), 0.1541255195640466),
        (Sample(10, 19.4, math.sqrt(1.4)), Sample(20, 21.6, math.sqrt(17.1)), 0.03709319341745862),
    ],
)
def test_p_is_scipys(a, b, p):
    assert difference(a, b).p_value == pytest.approx(p, rel=1e-12)


samples = st.builds(
    Sample,
    n=st.integers(2, 10_000),
    mean=st.floats(-1e6, 1e6),
    std=st.floats(1e-3, 1e6),
)


@given(a=samples, b=samples)
def test_difference_is_mirrored_when_sides_are_swapped(a, b):
    one, other = difference(a, b), difference(b, a)

    assert other.delta == -one.delta
    assert other.p_value == one.p_value
    assert other.ci95 == pytest.approx((-one.ci95[1], -one.ci95[0]), rel=1e-12)


@given(a=samples, b=samples, power=st.sampled_from([-900, -300, -20, 20, 300, 900]))
def test_difference_scales_when_the_unit_changes(a, b, power):
    def scaled(one: Sample) -> Sample:
        return Sample(one.n, math.ldexp(one.mean, power), math.ldexp(one.std, power))

    plain, large = difference(a, b), difference(scaled(a), scaled(b))

    assert large.p_value == plain.p_value
    assert large.ci95 == tuple(math.ldexp(end, power) for end in plain.ci95)


@given(a=samples, b=samples)
def test_interval_excludes_zero_when_significant(a, b):
    found = difference(a, b)

    assume(abs(found.p_value - 0.05) > 1e-9)
    assert found.significant == (found.ci95[0] > 0 or found.ci95[1] < 0)


def test_nothing_is_tested_when_a_side_has_one_value():
    assert difference(Sample.of_population(1, 5.0, 0.0), sample([1, 2])) == Difference(-3.5)
    assert difference(sample([1, 2]), Sample.of_population(1, 5.0, 0.0)) == Difference(3.5)


def test_difference_is_certain_when_nothing_varies():
    apart, equal = (difference(sample([5, 5]), sample(other)) for other in ([7, 7], [5, 5, 5]))

    assert (apart, apart.ci95) == (Difference(2.0, 0.0, 0.0), (2.0, 2.0))
    assert (equal, equal.ci95) == (Difference(0.0, 1.0, 0.0), (0.0, 0.0))


def test_means_are_equal_when_only_their_sums_were_rounded():
    assert sum([0.1] * 3) / 3 != 0.1

    found = difference(sample([0.1] * 3), sample([0.1] * 2))

    assert (found, found.ci95) == (Difference(0.0, 1.0, 0.0), (0.0, 0.0))


def test_one_side_without_spread_is_tested_by_the_other():
    found = difference(sample([5, 5, 5]), sample([6, 7, 8]))

    # Then Welch's test is the one-sample test of b: t = 2 / (1 / √3), 2 degrees of freedom.
    assert found.p_value == pytest.approx(2 / (2 + 12 + math.sqrt(12) * math.sqrt(14)))


@pytest.mark.parametrize(
    ("n_a", "n_b", "p"), [(2, 2, 1 / 3), (3, 3, 0.1), (4, 4, 2 / 70), (2, 3, 0.1), (1000, 2, None)]
)
def test_p_is_fishers_when_one_side_always_fails_and_the_other_never(n_a, n_b, p):
    found = difference(Sample(n_a, 0.0, 0.0), Sample(n_b, 1.0, 0.0), yes_or_no=True)

    assert found.p_value == pytest.approx(p or 1 / math.comb(1002, 2), rel=1e-9)
    assert found.ci95 is None


def test_nothing_overflows_when_numbers_are_huge():
    a, b = Sample(10_000_000, 1e300, 1e299), Sample(10_000_000, -1e300, 1e200)

    found = difference(a, b)

    assert found.p_value == 0
    assert all(map(math.isfinite, found.ci95))
