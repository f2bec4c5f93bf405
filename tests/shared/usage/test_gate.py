"""The gate's statistics are SciPy's, and it cries wolf as seldom as it says."""

import json
import math
import random
from pathlib import Path
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.usage.gate import GateQuestion, judge_gate
from shared.usage.gate_report import report
from shared.usage.gate_rules import GateRule
from shared.usage.moments import GroupMoments, Moment, SideMoments
from shared.usage.multiple import q_values
from shared.usage.shifts import WeighedPoints, t_test
from shared.usage.welch import Sample, difference
from tests.kit.chance import most_by_chance

VALUES = json.loads((Path(__file__).parent / "scipy_values.json").read_text(encoding="utf-8"))
RULES = (
    GateRule("latency_ms", "lower", 5.0),
    GateRule("ttft_ms", "lower", 5.0),
    GateRule("tok_s", "higher", 5.0),
)


@pytest.mark.parametrize("case", VALUES["welch"], ids=range(len(VALUES["welch"])))
def test_welch_is_scipys_when_given_moments(case):
    found = difference(Sample(*case["a"]), Sample(*case["b"]))

    assert found.p_value == pytest.approx(case["p_two"], rel=1e-9, abs=1e-15)
    assert found.one_sided_p(above=True) == pytest.approx(case["p_above"], rel=1e-9, abs=1e-15)
    assert found.one_sided_p(above=False) == pytest.approx(case["p_below"], rel=1e-9, abs=1e-15)
    assert found.ci95 == pytest.approx(case["ci95"], rel=1e-9)


@pytest.mark.parametrize("case", VALUES["bh"], ids=range(len(VALUES["bh"])))
def test_q_is_scipys_when_there_are_many_tests(case):
    assert q_values(case["p"]) == pytest.approx(case["q"], rel=1e-12)


@pytest.mark.parametrize("case", VALUES["student"], ids=range(len(VALUES["student"])))
def test_students_t_is_scipys_when_points_are_single_runs(case):
    left, right = (WeighedPoints(case[side], *[[1.0] * len(case[side])] * 2) for side in ("a", "b"))

    assert t_test(left, right) == pytest.approx(case["p"], rel=1e-9)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_q_is_no_less_than_p_and_in_its_order(p_values):
    found = q_values(p_values)

    assert all(q >= p for p, q in zip(p_values, found, strict=True))
    ordered = [q for _, q in sorted(zip(p_values, found, strict=True))]
    assert ordered == sorted(found)


def moment(values: list[float]) -> Moment:
    return Moment(len(values), fmean(values), pstdev(values))


def side(groups: dict[str, dict[str, list[float]]], **conditions: str) -> SideMoments:
    kept = tuple(
        GroupMoments((device,), 8, {name: moment(values) for name, values in metrics.items()})
        for device, metrics in groups.items()
    )
    return SideMoments(("device",), 8 * len(groups), 0, 0, kept, {})


def noise(chance: random.Random, runs: int, slower: float = 0.0) -> dict[str, list[float]]:
    """Runs with a spread of 5 %, by `slower` percent slower."""
    times = [
        [100 * (1 + slower / 100) * (1 + chance.gauss(0, 0.05)) for _ in range(runs)]
        for _ in range(3)
    ]
    return {
        "latency_ms": times[0],
        "ttft_ms": times[1],
        "tok_s": [1e4 / value for value in times[2]],
        "error_rate": [float(chance.random() < 0.02) for _ in range(runs)],
    }


FOUR = (*RULES, GateRule("error_rate", "lower", 5.0, yes_or_no=True))


def gates(count: int, runs: int, slower: float = 0.0, seed: int = 1) -> list[str]:
    """Verdicts over 20 devices and four metrics; `slower` is the first device's candidate."""
    chance, verdicts = random.Random(seed), []
    for _ in range(count):
        a = side({f"d{n}": noise(chance, runs) for n in range(20)})
        b = side({f"d{n}": noise(chance, runs, 0.0 if n else slower) for n in range(20)})
        verdicts.append(judge_gate(a, b, GateQuestion(FOUR)).verdict)
    return verdicts


@pytest.mark.exhaustive
def test_gate_fails_seldom_when_nothing_changed():
    verdicts = gates(60, 8)

    assert verdicts.count("fail") <= most_by_chance(60, 0.05)


@pytest.mark.nightly
def test_gate_fails_in_at_most_one_of_twenty_when_nothing_changed():
    verdicts = gates(2_000, 8, seed=2)

    assert verdicts.count("fail") <= most_by_chance(2_000, 0.05)


@pytest.mark.exhaustive
def test_gate_sees_one_slow_device_of_twenty_when_it_is_much_slower():
    assert gates(12, 16, slower=15, seed=3).count("fail") >= 11


@pytest.mark.nightly
@pytest.mark.parametrize(("slower", "runs", "least"), [(5, 32, 0.7), (10, 8, 0.8), (15, 8, 0.95)])
def test_power_is_as_the_guide_says(slower, runs, least):
    verdicts = gates(200, runs, slower=slower, seed=4)

    assert verdicts.count("fail") >= least * 200 - 3 * math.sqrt(200 * least * (1 - least))


STEADY = [100.0, 101.0, 99.0, 100.5, 99.5, 100.0, 100.2, 99.8]


def judged(a, b, *, rules=RULES[:1], **question):
    return judge_gate(side(a), side(b), GateQuestion(rules, **question))


def latencies(**devices: list[float]) -> dict[str, dict[str, list[float]]]:
    return {device: {"latency_ms": values} for device, values in devices.items()}


def test_gate_passes_when_every_interval_is_within_tolerance():
    found = judged(latencies(d=STEADY), latencies(d=STEADY[::-1]))

    assert found.verdict == "pass"
    (series,) = found.series()
    assert series["more_runs"] is None
    assert max(series["ci95_pct"]) < 5


def test_gate_fails_when_one_series_is_surely_worse():
    slow = [value * 1.2 for value in STEADY]

    found = judged(latencies(d=STEADY, e=STEADY), latencies(d=STEADY, e=slow))

    assert (found.verdict, found.counts()) == ("fail", {"pass": 1, "fail": 1})
    series = found.series()[1]
    assert series["delta_pct"] == pytest.approx(20)
    assert series["q_value"] < 0.05


def test_gate_passes_when_it_is_surely_worse_but_within_tolerance():
    slow = [value * 1.02 for value in STEADY]

    assert judged(latencies(d=STEADY), latencies(d=slow)).verdict == "pass"


def test_gate_says_how_many_runs_are_missing_when_it_cannot_decide():
    wild = [80.0, 120.0, 90.0, 110.0, 100.0, 95.0, 105.0, 100.0]

    found = judged(latencies(d=wild), latencies(d=wild[::-1]))

    (series,) = found.series()
    assert (found.verdict, series["verdict"]) == ("inconclusive", "inconclusive")
    more = series["more_runs"]
    assert more["a"] == more["b"] > 0
    enough = 1 + more["a"] // 8
    again = judged(latencies(d=wild * enough), latencies(d=wild[::-1] * enough))
    assert again.verdict == "pass"


def test_gate_has_no_data_when_a_series_lacks_runs():
    found = judged(latencies(d=STEADY, e=STEADY), latencies(d=STEADY, e=STEADY[:4]))

    assert found.verdict == "no_data"
    series = found.series()[1]
    assert (series["verdict"], series["q_value"], series["more_runs"]) == (
        "no_data", None, {"a": 0, "b": 1},
    )  # fmt: skip
    # One that has no data does not count among the tests.
    assert found.series()[0]["q_value"] == found.series()[0]["p_value"]


def test_new_series_decides_nothing_when_only_the_candidate_has_it():
    found = judged(latencies(d=STEADY), latencies(d=STEADY, e=STEADY))

    assert (found.verdict, found.counts()) == ("pass", {"pass": 1, "new": 1})
    assert judged(latencies(), latencies(e=STEADY)).verdict == "no_data"
    assert judged(latencies(d=STEADY), latencies()).verdict == "no_data"


def test_limit_is_exceeded_when_the_mean_is_above_it():
    errors = {"d": {"error_rate": [0.0] * 9 + [1.0]}}
    rule = GateRule("error_rate", "lower", most=0.05, yes_or_no=True)

    found = judged(errors, errors, rules=(rule,))

    assert found.verdict == "fail"
    assert judged(errors, errors, rules=(GateRule("error_rate", most=0.1),)).verdict == "pass"


def test_gate_fails_when_all_runs_fail_that_never_did():
    rule = GateRule("error_rate", "lower", 5.0, yes_or_no=True)
    never, always = {"d": {"error_rate": [0.0] * 8}}, {"d": {"error_rate": [1.0] * 8}}

    found = judged(never, always, rules=(rule,))

    assert found.verdict == "fail"
    assert found.series()[0]["p_value"] == pytest.approx(1 / math.comb(16, 8))
    assert judged(never, never, rules=(rule,)).verdict == "pass"
    assert judged(always, never, rules=(rule,)).verdict != "fail"


def test_gravest_verdict_counts_when_there_are_several():
    slow = [value * 1.2 for value in STEADY]
    a = latencies(d=STEADY, e=STEADY)

    assert judged(a, latencies(d=slow), require_same=("quant",)).verdict == "fail"
    assert judged(a, latencies(d=STEADY), require_same=("quant",)).verdict == "not_comparable"


def test_report_escapes_what_would_end_a_cell():
    slow = [value * 1.2 for value in STEADY]
    found = judged(latencies(**{"a|b": STEADY}), latencies(**{"a|b": slow}))

    text = report(found, "against `main` (version 3)")

    assert text.startswith("**fail**: worse than tolerated (1 fail), against `main` (version 3).")
    assert "| a\\|b | latency_ms | 100 | 120 | +20.0 % |" in text
