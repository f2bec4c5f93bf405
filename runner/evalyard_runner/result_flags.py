"""What a result's reader must know about it: its `flags` (docs/runners.md); no I/O.

The service adds those that it sees by itself (`thinking_cut` among them).
"""

from collections.abc import Sequence
from typing import Final

from evalyard_runner.arrivals import is_buffered
from evalyard_runner.measure import Sample
from evalyard_runner.options import Generation
from evalyard_runner.prompt_cache import cache_unknown, is_cached

# Below this share of the tokens sent, the server has cut the prompt.
_CUT_BELOW: Final = 0.9


def flags_of(
    samples: Sequence[Sample],
    generation: Generation,
    *,
    hot_start: bool,
    warmups: Sequence[Sample] = (),
) -> list[str]:
    """The names of those that hold; `warmups` are those with another prompt."""
    words = len(f"{generation.system or ''} {generation.prompt}".split())
    found = {
        "cached": any(map(is_cached, samples)),
        "cache_unknown": cache_unknown(samples, warmups),
        "buffered": any(map(is_buffered, samples)),
        "interrupted": any(sample.frozen_s for sample in samples),
        "truncated": any(is_truncated(sample, words) for sample in samples),
        "hot_start": hot_start,
    }
    return [name for name, holds in found.items() if holds]


def is_truncated(sample: Sample, words: int) -> bool:
    """Whether the server evaluated, or took from its cache, fewer tokens than were sent.

    `words` are what the prompt has at least in tokens: tokenizers join parts of a word, not words.
    """
    if sample.filled_context:
        return True
    seen = sample.prompt_tokens
    if sample.evaluated_tokens is not None:
        seen = sample.evaluated_tokens + (sample.cached_tokens or 0)
    return seen is not None and seen < _CUT_BELOW * max(sample.prompt_tokens or 0, words)
