"""The verdict on one metric: significance and a minimum effect, and how many runs are missing."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.usage.welch import Difference, Sample, difference

Verdict = Literal["improved", "regressed", "unchanged", "inconclusive"]
Better = Literal["higher", "lower"] | None

# A comparison that needs more than these runs a side sits on the threshold.
MAX_MORE_RUNS = 1_000_000


@dataclass(frozen=True)
class Judgement:
    """What is said of one metric; `more_runs` per side (a, b) would decide."""

    difference: Difference
    verdict: Verdict
    more_runs: tuple[int, int] | None = None


@dataclass(frozen=True)
class Rule:
    """How a metric is judged: its good direction, and the least effect in percent of a's mean."""

    better: Better
    min_effect_pct: float
    yes_or_no: bool = False

    def judge(self, a: Sample, b: Sample) -> Judgement:
        """The verdict, and where it is open how many more runs of this spread would decide."""
        found = difference(a, b, yes_or_no=self.yes_or_no)
        verdict = self._verdict(found, a)
        missing = self._missing(a, b) if verdict == "inconclusive" else None
        return Judgement(found, verdict, missing)

    def _verdict(self, found: Difference, a: Sample) -> Verdict:
        effect = abs(a.mean) * self.min_effect_pct / 100
        if self.better and found.significant and abs(found.delta) >= effect:
            return "improved" if (found.delta > 0) == (self.better == "higher") else "regressed"
        return "unchanged" if found.lies_within(effect) else "inconclusive"

    def _missing(self, a: Sample, b: Sample) -> tuple[int, int] | None:
        """The runs that bring both sides to the least common number that decides."""
        if a.std is None or b.std is None:
            return None

        def decides(n: int) -> bool:
            more_a, more_b = a.with_at_least(n), b.with_at_least(n)
            found = difference(more_a, more_b, yes_or_no=self.yes_or_no)
            return self._verdict(found, a) != "inconclusive"

        n = least(decides, min(a.n, b.n), min(a.n, b.n) + MAX_MORE_RUNS)
        return None if n is None else (max(0, n - a.n), max(0, n - b.n))


def percent(delta: float, of: float) -> float | None:
    """The change in percent, with the sign of the change; None of nothing."""
    found = delta / abs(of) * 100 if of else math.nan
    return found if math.isfinite(found) else None


def least(decides: Callable[[int], bool], open_at: int, most: int) -> int | None:
    """The least n ≤ `most` that decides, where `open_at` does not; None where none does."""
    if not decides(most):
        return None
    while most - open_at > 1:
        middle = (open_at + most) // 2
        open_at, most = (open_at, middle) if decides(middle) else (middle, most)
    return most
