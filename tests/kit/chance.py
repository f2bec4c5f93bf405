"""Bounds for tests that count what chance does."""

import math


def most_by_chance(count: int, share: float) -> int:
    """So many or fewer of `count` occur in 999 of 1,000 cases, at this share."""
    total, most = 0.0, -1
    while total < 0.999:
        most += 1
        total += math.comb(count, most) * share**most * (1 - share) ** (count - most)
    return most
