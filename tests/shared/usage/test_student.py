"""Student's t equals an integral by NumPy, and what is printed in tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.usage.student import critical_t, two_sided_p
from tests.shared.usage.student_oracle import tail

freedoms = st.floats(1, 5_000_000)


@given(t=st.floats(0, 30), df=freedoms)
def test_tail_equals_the_integral_of_the_density(t, df):
    assert two_sided_p(t, df) == pytest.approx(tail(t, df), rel=1e-9, abs=1e-290)


@given(p=st.floats(1e-12, 0.999), df=freedoms)
def test_critical_t_is_where_the_tail_has_the_probability(p, df):
    assert two_sided_p(critical_t(p, df), df) == pytest.approx(p, rel=1e-11)


# NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values.
@pytest.mark.parametrize(
    ("df", "two_and_a_half_percent", "half_percent"),
    [
        (1, 12.706, 63.657),
        (2, 4.303, 9.925),
        (5, 2.571, 4.032),
        (10, 2.228, 3.169),
        (30, 2.042, 2.750),
        (100, 1.984, 2.626),
    ],
)
def test_critical_values_are_those_of_the_table(df, two_and_a_half_percent, half_percent):
    assert round(critical_t(0.05, df), 3) == two_and_a_half_percent
    assert round(critical_t(0.01, df), 3) == half_percent


# Closed forms: the Cauchy distribution, and F(t) = 1/2 + t / (2 √(2 + t²)).
@pytest.mark.parametrize("t", [1e-6, 0.3, 1.0, 7.0, 1e6])
def test_tail_is_the_closed_form_when_df_is_one_or_two(t):
    assert two_sided_p(t, 1) == pytest.approx(2 * np.arctan(1 / t) / np.pi, rel=1e-12)
    assert two_sided_p(t, 2) == pytest.approx(2 / (2 + t * t + t * np.sqrt(2 + t * t)), rel=1e-12)


@given(t=st.floats(0, 30))
def test_tail_has_no_seam_when_the_method_changes(t):
    below, above = two_sided_p(t, np.nextafter(2_000, 0)), two_sided_p(t, 2_000.0)

    assert below == pytest.approx(above, rel=1e-10)


@pytest.mark.parametrize("df", [0.5, 1, 50, 1e4, 1e12])
def test_tail_is_certain_at_zero_and_nothing_far_out(df):
    assert two_sided_p(0.0, df) == 1.0
    assert two_sided_p(float("inf"), df) == 0.0
    assert two_sided_p(-3.0, df) == two_sided_p(3.0, df)
