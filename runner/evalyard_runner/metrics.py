"""From samples to the metrics of docs/runners.md; no I/O.

Times and counts are means over the samples, rates are ratios of their sums: so the numbers of one
result agree with each other (`tok_s` is what the mean counts and times give), and a fast outlier
cannot lift an average speed. A metric that one sample lacks is None for all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any, TypeAlias

from evalyard_runner.energy import PowerCurve
from evalyard_runner.measure import Gaps, Sample
from evalyard_runner.provenance import CACHED, ENERGY_PER_TOKEN, GPU_POWER

Number: TypeAlias = int | float


def metrics_of(samples: Sequence[Sample], load_ms: float | None) -> dict[str, Number | None]:
    """The eight metrics of a result."""
    latency_ms, ttft_ms = (
        _mean(samples, lambda s: s.latency_ms),
        _mean(samples, lambda s: s.ttft_ms),
    )
    completion = _mean(samples, lambda s: s.completion_tokens)
    return {
        "prompt_tokens": _whole(_mean(samples, lambda s: s.prompt_tokens)),
        "completion_tokens": _whole(completion),
        "latency_ms": _round(latency_ms),
        "ttft_ms": _round(ttft_ms),
        "tok_s": _round(tokens_per_second(completion, latency_ms, ttft_ms)),
        "tpot_ms": _round(ms_per_token(completion, latency_ms, ttft_ms)),
        "prefill_tps": _round(_prefill_tps(samples)),
        "load_ms": _round(load_ms),
    }


def sample_row(index: int, sample: Sample) -> dict[str, Any]:
    """One entry of a result's `samples`: its metrics, and what explains them."""
    return {
        "index": index,
        **metrics_of([sample], sample.load_ms),
        "itl_ms": _gaps(sample.itl),
        "cached_tokens": sample.cached_tokens,
        "evaluated_tokens": sample.evaluated_tokens,
        "prefill_ms": _round(sample.prefill_ms),
        "decode_ms": _round(sample.decode_ms),
        "finish_reason": sample.finish_reason,
    }


def cached_of(samples: Sequence[Sample]) -> dict[str, float]:
    """An extra that marks a result whose prefill was spared some of its work; else nothing."""
    cached = _mean(samples, lambda s: s.cached_tokens)
    return {CACHED: round(cached, 3)} if cached else {}


def energy_of(samples: Sequence[Sample], curve: PowerCurve) -> dict[str, float]:
    """The extras that a power meter gives; none without one."""
    found = {GPU_POWER: curve.mean_w, ENERGY_PER_TOKEN: None}
    counts = [sample.completion_tokens for sample in samples]
    if curve.energy_j is not None and all(counts):
        found[ENERGY_PER_TOKEN] = curve.energy_j / sum(filter(None, counts))
    return {name: round(value, 6) for name, value in found.items() if value is not None}


def tokens_per_second(
    completion: Number | None, latency_ms: Number | None, ttft_ms: Number | None
) -> float | None:
    """Decode speed (docs/contract.md, Usage).

    The first token belongs to the prefill, unless nothing is known about it. Fewer than two
    tokens have no speed: no time passes between them.
    """
    if completion is None or completion < 2 or not latency_ms or latency_ms <= 0:
        return None
    if ttft_ms is not None and ttft_ms < latency_ms:
        return (completion - 1) / ((latency_ms - ttft_ms) / 1000)
    return completion / (latency_ms / 1000)


def ms_per_token(
    completion: Number | None, latency_ms: Number | None, ttft_ms: Number | None
) -> float | None:
    """TPOT as vLLM, AIPerf and OpenTelemetry define it; None below two tokens."""
    if completion is None or latency_ms is None or ttft_ms is None or completion < 2:
        return None
    return (latency_ms - ttft_ms) / (completion - 1)


def _prefill_tps(samples: Sequence[Sample]) -> float | None:
    """Evaluated prompt tokens per second: what came out of a cache was not computed."""
    tokens = _mean(samples, lambda s: s.evaluated_tokens)
    prefill_ms = _mean(samples, lambda s: s.prefill_ms)
    return None if not tokens or not prefill_ms else tokens / (prefill_ms / 1000)


def _gaps(gaps: Gaps | None) -> dict[str, float | int] | None:
    if gaps is None:
        return None
    return {name: round(value, 3) for name, value in asdict(gaps).items()}


def _mean(samples: Sequence[Sample], read: Callable[[Sample], Number | None]) -> float | None:
    values = [value for value in map(read, samples) if value is not None]
    return fmean(values) if samples and len(values) == len(samples) else None


def _whole(value: Number | None) -> int | None:
    return None if value is None else round(value)


def _round(value: Number | None) -> float | None:
    return None if value is None else round(float(value), 3)
