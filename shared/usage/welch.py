"""Welch's t-test of two sides, from counts, means and standard deviations alone.

B. L. Welch, "The generalization of 'Student's' problem when several different population
variances are involved", Biometrika 34 (1947); degrees of freedom after Satterthwaite.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

from shared.usage.student import critical_t, two_sided_p

SIGNIFICANCE = 0.05
# Means of equal numbers differ by this share of themselves, because sums round.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Sample:
    """What the test knows of one side; `std` is that of a sample (n − 1), None below 2 values."""

    n: int
    mean: float
    std: float | None

    @classmethod
    def of_population(cls, n: int, mean: float, std: float) -> "Sample":
        """The sample whose own (population's) standard deviation is `std`."""
        if n < 2:
            return cls(n, mean, None)
        spread = 0.0 if std <= _ROUNDING * abs(mean) else std
        return cls(n, mean, spread * math.sqrt(n / (n - 1)))

    def with_at_least(self, n: int) -> "Sample":
        """The same mean and spread, seen in at least n values."""
        return replace(self, n=max(self.n, n))


@dataclass(frozen=True)
class Difference:
    """b − a with its two-sided p; None where nothing can be said.

    `error` and `df`: the standard error of the difference and its degrees of freedom, None where
    it has no interval. `ways` by how much the two-sided p is greater than that of one side.
    """

    delta: float
    p_value: float | None = None
    error: float | None = None
    df: float = math.inf
    ways: int = field(default=2, compare=False)

    @cached_property
    def ci95(self) -> tuple[float, float] | None:
        """The 95 % interval; found when it is asked for, since it costs more than p."""
        if self.error is None:
            return None
        reach = critical_t(SIGNIFICANCE, self.df) * self.error if self.error else 0.0
        return self.delta - reach, self.delta + reach

    @property
    def significant(self) -> bool:
        """Whether chance explains the difference in fewer than 5 of 100 cases."""
        return self.p_value is not None and self.p_value < SIGNIFICANCE

    def one_sided_p(self, *, above: bool) -> float | None:
        """The p of b being greater (`above`) or less than a, without the other side."""
        if self.p_value is None or (not self.delta and self.ways == 1):
            # Nothing varies and both are equal: nothing speaks for either side.
            return self.p_value
        half = self.p_value / self.ways
        return half if (self.delta > 0) == above else 1.0 - half

    def lies_within(self, effect: float) -> bool:
        """Whether the whole interval, which holds the difference, is within ± the effect."""
        if abs(self.delta) > effect or self.ci95 is None:
            return False
        return -effect <= self.ci95[0] and self.ci95[1] <= effect


def difference(a: Sample, b: Sample, *, yes_or_no: bool = False) -> Difference:
    """How b differs from a. `yes_or_no`: the values are 0 or 1, so no spread proves nothing."""
    delta = b.mean - a.mean
    if abs(delta) <= _ROUNDING * max(abs(a.mean), abs(b.mean)):
        delta = 0.0
    if a.std is None or b.std is None:
        return Difference(delta)
    if a.std or b.std:
        return _welch(delta, a.n, a.std, b.n, b.std)
    if yes_or_no and delta:
        # Of unequal numbers only one parting is as unlikely as this one.
        ways = 2 if a.n == b.n else 1
        return Difference(delta, _chance_of_parting(a.n, b.n) * ways, ways=ways)
    return Difference(delta, 0.0 if delta else 1.0, 0.0, ways=1)


def _welch(delta: float, n_a: int, std_a: float, n_b: int, std_b: float) -> Difference:
    # The test does not depend on the unit; in this one no square can overflow or vanish.
    unit = max(std_a, std_b)
    part_a, part_b = (std_a / unit) ** 2 / n_a, (std_b / unit) ** 2 / n_b
    both = part_a + part_b
    # Shares first: squares of the parts themselves could vanish.
    share_a, share_b = part_a / both, part_b / both
    df = 1 / (share_a**2 / (n_a - 1) + share_b**2 / (n_b - 1))
    error = math.sqrt(both) * unit
    return Difference(delta, two_sided_p(delta / error, df), error, df)


def _chance_of_parting(n_a: int, n_b: int) -> float:
    """Fisher's exact p, of one side, where one says yes always and the other never."""
    ways = math.lgamma(n_a + n_b + 1) - math.lgamma(n_a + 1) - math.lgamma(n_b + 1)
    return math.exp(-ways)
