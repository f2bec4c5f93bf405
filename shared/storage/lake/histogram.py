"""A histogram of buckets that grow by a constant factor, as SQL over plain rows.

Bucket k holds the values in (γᵏ⁻¹, γᵏ] and answers with 2γᵏ/(γ+1), so no value is farther
from its bucket's than (γ−1)/(γ+1) of itself (DDSketch, arXiv 1908.10693). Buckets of the
same number add up, in any order. Numbers below zero mirror those above.
"""

import math

GAMMA = 1.02
RELATIVE_ERROR = (GAMMA - 1) / (GAMMA + 1)
# With an exponent, as DuckDB takes other fractions for decimals.
_LOG_GAMMA = f"{math.log(GAMMA)!r}e0"
_MIDDLE = f"{2 / (GAMMA + 1)!r}e0"
# Above every −k that a double can have, so that the sign of a bucket is that of its values.
_SHIFT = 40_000


def bucket_of(value: str) -> str:
    """SQL for the bucket of a number; buckets are in the order of their values."""
    size = f"({_SHIFT} + ceil(ln(abs({value})) / {_LOG_GAMMA}))::INTEGER"
    return f"CASE WHEN {value} = 0 THEN 0 ELSE sign({value})::INTEGER * {size} END"


def value_of(bucket: str) -> str:
    """SQL for the number that stands for a bucket's."""
    # The topmost bucket ends above the greatest double.
    size = f"exp(least((abs({bucket}) - {_SHIFT}) * {_LOG_GAMMA}, 709e0)) * {_MIDDLE}"
    return f"CASE WHEN {bucket} = 0 THEN 0e0 ELSE sign({bucket}) * {size} END"
