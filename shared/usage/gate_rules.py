"""One series of a gate: whether the candidate is worse than the baseline, beyond tolerance."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from shared.usage.verdicts import MAX_MORE_RUNS, Better, least, percent
from shared.usage.welch import Difference, Sample, difference

SeriesVerdict = Literal["pass", "fail", "inconclusive", "no_data", "new"]


@dataclass(frozen=True)
class GateRule:
    """How a metric is judged: by how much it may get worse, in percent of the baseline's mean, or
    above which mean it fails (`most`). `yes_or_no`: its values are 0 or 1.
    """

    metric: str
    better: Better = None
    tolerance_pct: float | None = None
    most: float | None = None
    extra: bool = False
    unit: str | None = None
    yes_or_no: bool = False


@dataclass(frozen=True)
class SeriesTest:
    """A rule on one series: both sides, and what is known of their difference.

    A side without values is None. `least_runs` is how many the candidate must have.
    """

    key: dict[str, Any]
    rule: GateRule
    a: Sample | None
    b: Sample | None
    least_runs: int
    q_value: float | None = None

    @property
    def is_new(self) -> bool:
        """Whether only the candidate has it."""
        return self.a is None

    @property
    def lacks_runs(self) -> bool:
        """Whether the candidate has too few of its runs."""
        return self.a is not None and (self.b.n if self.b else 0) < self.least_runs

    @cached_property
    def difference(self) -> Difference | None:
        """Of b from a, where it is tested."""
        if self.a is None or self.b is None or self.lacks_runs or self.rule.most is not None:
            return None
        return difference(self.a, self.b, yes_or_no=self.rule.yes_or_no)

    @property
    def p_value(self) -> float | None:
        """How likely chance makes b look this much worse or more; None where nothing is tested."""
        found = self.difference
        return None if found is None else found.one_sided_p(above=self.rule.better == "lower")

    def with_q(self, q_value: float) -> "SeriesTest":
        """The same, knowing how it stands among all tests."""
        return replace(self, q_value=q_value)

    def verdict(self, fdr: float) -> SeriesVerdict:
        """What is said of this series alone."""
        if self.a is None:
            return "new"
        if self.lacks_runs or self.b is None:
            return "no_data"
        if self.rule.most is not None:
            return "fail" if self.b.mean > self.rule.most else "pass"
        return self._tested(self.difference, self.q_value, fdr)

    def _tested(self, found: Difference | None, q_value: float | None, fdr: float) -> SeriesVerdict:
        if found is None or q_value is None:
            return "inconclusive"
        if q_value < fdr and self._worse(found.delta) > self._tolerated:
            return "fail"
        return "pass" if self._within(found) else "inconclusive"

    @property
    def _tolerated(self) -> float:
        """In the metric's unit."""
        assert self.a is not None, "a new series is not tested"
        return abs(self.a.mean) * (self.rule.tolerance_pct or 0.0) / 100

    def _worse(self, delta: float) -> float:
        return delta if self.rule.better == "lower" else -delta

    def _within(self, found: Difference) -> bool:
        """Whether the whole interval, which holds the difference, is below the tolerance."""
        if self._worse(found.delta) > self._tolerated or found.ci95 is None:
            return False
        return max(map(self._worse, found.ci95)) <= self._tolerated

    def more_runs(self, fdr: float) -> dict[str, int] | None:
        """How many more runs of the present mean and spread would decide; None where none would.

        `fdr` is what the p must be below even if no other test fails.
        """
        verdict = self.verdict(fdr)
        if self.a is None or verdict not in ("no_data", "inconclusive"):
            return None
        n_b = self.b.n if self.b else 0
        if self.b is None or self.a.std is None or self.b.std is None or verdict == "no_data":
            return {"a": max(0, 2 - self.a.n), "b": max(0, max(2, self.least_runs) - n_b)}
        return self._missing(self.a, self.b, fdr)

    def _missing(self, a: Sample, b: Sample, fdr: float) -> dict[str, int] | None:
        def decides(n: int) -> bool:
            more = replace(self, a=a.with_at_least(n), b=b.with_at_least(n))
            return more._tested(more.difference, more.p_value, fdr) != "inconclusive"

        fewest = min(a.n, b.n)
        n = least(decides, fewest, fewest + MAX_MORE_RUNS)
        return None if n is None else {"a": max(0, n - a.n), "b": max(0, n - b.n)}

    def document(self, fdr: float, alone: float) -> dict[str, Any]:
        """The series as the API shows it; `alone` as `more_runs` takes it."""
        found, mean = self.difference, None if self.a is None else self.a.mean
        delta = found.delta if found else self._delta()
        interval = found.ci95 if found else None
        return {
            "key": self.key,
            "metric": self.rule.metric,
            "extra": self.rule.extra,
            "unit": self.rule.unit,
            "better": self.rule.better,
            "a": mean,
            "b": None if self.b is None else self.b.mean,
            "delta_pct": _percent(delta, mean),
            "ci95_pct": _interval(interval, mean),
            "p_value": self.p_value,
            "q_value": self.q_value,
            "tolerance_pct": self.rule.tolerance_pct,
            "max": self.rule.most,
            "verdict": self.verdict(fdr),
            "n_a": 0 if self.a is None else self.a.n,
            "n_b": 0 if self.b is None else self.b.n,
            "more_runs": self.more_runs(alone),
        }

    def _delta(self) -> float | None:
        return None if self.a is None or self.b is None else self.b.mean - self.a.mean


def _percent(delta: float | None, mean: float | None) -> float | None:
    return None if delta is None or mean is None else percent(delta, mean)


def _interval(interval: tuple[float, float] | None, mean: float | None) -> list[float] | None:
    if interval is None or mean is None:
        return None
    ends = [percent(end, mean) for end in interval]
    return None if None in ends else [end for end in ends if end is not None]
