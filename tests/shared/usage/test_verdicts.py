"""Verdicts follow the contract's rule, whatever the numbers, and missing runs really decide."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.usage.verdicts import MAX_MORE_RUNS, Rule, percent
from shared.usage.welch import Sample, difference

betters = st.sampled_from(["higher", "lower", None])
effects = st.sampled_from([0.0, 0.5, 2.0, 10.0, 100.0])
# Means close enough that every verdict is met.
samples = st.builds(
    Sample,
    n=st.integers(2, 300),
    mean=st.floats(90, 110),
    std=st.sampled_from([0.0, 0.1, 1.0, 5.0, 40.0]),
)


def expected(rule: Rule, a: Sample, b: Sample) -> str:
    """The contract, word by word."""
    found = difference(a, b)
    effect = rule.min_effect_pct / 100 * abs(a.mean)
    low, high = found.ci95
    if found.p_value < 0.05 and abs(found.delta) >= effect and rule.better:
        rose = b.mean > a.mean
        return "improved" if rose == (rule.better == "higher") else "regressed"
    if low >= -effect and high <= effect:
        return "unchanged"
    return "inconclusive"


@given(a=samples, b=samples, better=betters, effect=effects)
def test_verdict_is_the_contracts(a, b, better, effect):
    rule = Rule(better, effect)
    edge = abs(a.mean) * effect / 100
    # Which side of the edge a number falls on is rounding.
    assume(not math.isclose(abs(a.mean - b.mean), edge, rel_tol=1e-9))

    assert rule.judge(a, b).verdict == expected(rule, a, b)


@given(a=samples, b=samples, better=betters, effect=effects)
def test_missing_runs_decide_and_one_less_does_not(a, b, better, effect):
    rule = Rule(better, effect)

    found = rule.judge(a, b)

    if found.verdict != "inconclusive":
        assert found.more_runs is None
        return
    if found.more_runs is None:
        most = min(a.n, b.n) + MAX_MORE_RUNS
        last = rule.judge(a.with_at_least(most), b.with_at_least(most))
        assert last.verdict == "inconclusive"
        return
    more_a, more_b = found.more_runs
    n = max(a.n + more_a, b.n + more_b)
    assert max(more_a, more_b) <= MAX_MORE_RUNS + abs(a.n - b.n)
    assert rule.judge(a.with_at_least(n), b.with_at_least(n)).verdict != "inconclusive"
    fewer = min(a.n + more_a, b.n + more_b) - 1
    assert rule.judge(a.with_at_least(fewer), b.with_at_least(fewer)).verdict == "inconclusive"


@given(a=samples, b=samples, better=betters)
def test_verdict_is_mirrored_when_sides_are_swapped(a, b, better):
    rule = Rule(better, 0.0)
    mirror = {"improved": "regressed", "regressed": "improved"}

    one, other = rule.judge(a, b), rule.judge(b, a)

    assert other.verdict == mirror.get(one.verdict, one.verdict)
    assert other.more_runs == (one.more_runs and one.more_runs[::-1])


@given(
    a=samples, b=samples, better=betters, effect=effects, power=st.sampled_from([-800, -3, 3, 800])
)
def test_judgement_is_the_same_when_the_unit_changes(a, b, better, effect, power):
    def scaled(one: Sample) -> Sample:
        return Sample(one.n, math.ldexp(one.mean, power), math.ldexp(one.std, power))

    plain, other = (
        Rule(better, effect).judge(a, b),
        Rule(better, effect).judge(scaled(a), scaled(b)),
    )

    assert (other.verdict, other.more_runs) == (plain.verdict, plain.more_runs)


@given(a=samples, b=samples, effect=effects)
def test_verdict_takes_no_side_when_no_direction_is_known(a, b, effect):
    assert Rule(None, effect).judge(a, b).verdict in ("unchanged", "inconclusive")


def test_no_number_of_runs_decides_when_the_effect_sits_on_the_threshold():
    just_below = Sample(10, 100.0, 5.0), Sample(10, 101.999_999, 5.0)

    assert Rule("higher", 2.0).judge(*just_below).more_runs is None


def test_no_number_of_runs_decides_when_a_is_zero_and_nothing_differs():
    assert Rule("lower", 2.0).judge(Sample(9, 0.0, 1.0), Sample(9, 0.0, 1.0)).more_runs is None


def test_four_runs_decide_when_one_side_always_fails():
    rule = Rule("lower", 2.0, yes_or_no=True)
    found = rule.judge(Sample(2, 0.0, 0.0), Sample(3, 1.0, 0.0))

    assert (found.verdict, found.more_runs) == ("inconclusive", (2, 1))


def test_verdict_is_open_when_a_side_has_one_run():
    found = Rule("lower", 2.0).judge(Sample(1, 5.0, None), Sample(9, 7.0, 1.0))

    assert (found.verdict, found.more_runs) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("delta", "of", "expected"),
    [(5, 50, 10), (5, -50, 10), (-5, -50, -10), (5, 0, None), (0, 0, None), (1e308, 1e-308, None)],
)
def test_percent_has_the_sign_of_the_change(delta, of, expected):
    assert percent(delta, of) == expected
