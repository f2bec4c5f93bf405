"""Many tests at once: how many of those that look significant are so by chance.

Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate: a practical and powerful
approach to multiple testing", Journal of the Royal Statistical Society B 57 (1995). Where nothing
changed at all, one q below the rate is as rare as the rate says, however many tests there are.
"""

from collections.abc import Sequence


def q_values(p_values: Sequence[float]) -> list[float]:
    """For each p the least rate of false discoveries at which its test is one of them."""
    tests = len(p_values)
    found = [1.0] * tests
    least = 1.0
    descending = sorted(range(tests), key=lambda place: p_values[place], reverse=True)
    for rank, place in zip(range(tests, 0, -1), descending, strict=True):
        # The least rank of all has no factor, which rounding must not make one below 1.
        least = min(least, p_values[place] * (tests / rank))
        found[place] = least
    return found
