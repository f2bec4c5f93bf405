"""Which repetitions a prompt cache has spared work, by the server's word or by their times; no I/O.

The first one is honest where the later ones are not: a result says what the prompt takes on this
device, and not what it takes to find it in a cache.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

from evalyard_runner.measure import Sample

# Fewer tokens are the chat template's, which every prompt shares.
_CACHED_SHARE: Final = 0.1
# Far faster to the first token: more than a first connection or a cold processor explains.
_FASTER: Final = 0.5
_FASTER_MS: Final = 20.0


def is_cached(sample: Sample) -> bool:
    """Whether the server says that much of the prompt came from its cache."""
    if not sample.cached_tokens:
        return False
    return sample.cached_tokens >= _CACHED_SHARE * (sample.prompt_tokens or 0)


def cache_unknown(samples: Sequence[Sample], warmups: Sequence[Sample] = ()) -> bool:
    """Whether the later ones were far faster to the first token than the first and the server does
    not say why, or all of them than the last warm-up, which had another prompt.

    The first warm-up is no measure: it also waits for whatever the server does once.
    """
    if any(sample.cached_tokens is not None for sample in samples):
        return False
    if warmups[1:] and _far_faster(samples, warmups[-1]):
        return True
    return _far_faster(samples[1:], samples[0])


def _far_faster(samples: Sequence[Sample], honest: Sample) -> bool:
    times = [each for each in map(_until_first_token, samples) if each is not None]
    cold = _until_first_token(honest)
    if cold is None or not times:
        return False
    return median(times) <= _FASTER * cold and cold - median(times) >= _FASTER_MS


def uncached(samples: Sequence[Sample]) -> list[Sample]:
    """Those whose prompt was evaluated; all of them where that is true of none."""
    if cache_unknown(samples):
        return list(samples[:1])
    return [sample for sample in samples if not is_cached(sample)] or list(samples)


def _until_first_token(sample: Sample) -> float | None:
    """Without loading the model, which only the first one waits for."""
    if sample.ttft_ms is None or sample.frozen_s:
        return None
    return max(0.0, sample.ttft_ms - (sample.load_ms or 0.0))
