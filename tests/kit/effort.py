"""How much the slowest tests try: a share in every run of the suite, everything at night."""

import os

from hypothesis import settings

# `make test-nightly` sets it.
FACTOR = int(os.environ.get("EVALYARD_STEPS", "1"))
NIGHTLY = FACTOR > 1


def some_calls(limit: int, start: int = 0, share: int = 3) -> range:
    """The numbers below `limit` of the AWS calls to disturb: every third, at night every one.

    Tests of the same code start at different calls, so that together they meet all of them.
    """
    return range(limit) if NIGHTLY else range(start, limit, share)


def examples(weight: float = 1) -> int:
    """How many examples of Hypothesis: the profile's, more for the cheap, fewer for the costly.

    Each run of the suite tries the same ones, so that many of them find no more than the first
    time; at night they are others, and twenty times as many.
    """
    return max(2, round(settings.default.max_examples * weight))
