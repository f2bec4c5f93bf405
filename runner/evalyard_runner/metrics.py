"""From samples to the metrics of docs/runners.md; no I/O.

Times and counts are means over the samples, rates are ratios of their sums: so the numbers of one
result agree with each other (`tok_s` is what the mean counts and times give), and a fast outlier
cannot lift an average speed. A metric that one sample lacks is None for all of them, and so are
the times of one in which the runner stood still.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from evalyard_runner.energy import PowerCurve
from evalyard_runner.measure import Gaps, Sample
from evalyard_runner.provenance import CACHED, ENERGY_PER_TOKEN, GPU_POWER
from evalyard_runner.speed import Number, mean, speed_of

_TIMES: Final = ("latency_ms", "ttft_ms", "tok_s", "tpot_ms", "prefill_tps")


def metrics_of(samples: Sequence[Sample], load_ms: float | None) -> dict[str, Number | None]:
    """The eight metrics of a result."""
    speed = speed_of(samples)
    found: dict[str, Number | None] = {
        "prompt_tokens": _whole(mean(samples, lambda s: s.prompt_tokens)),
        "completion_tokens": _whole(mean(samples, lambda s: s.completion_tokens)),
        "latency_ms": _round(mean(samples, lambda s: s.latency_ms)),
        "ttft_ms": _round(mean(samples, lambda s: s.ttft_ms)),
        "tok_s": _round(speed.tok_s),
        "tpot_ms": _round(speed.tpot_ms),
        "prefill_tps": _round(_prefill_tps(samples)),
        "load_ms": _round(load_ms),
    }
    return found | dict.fromkeys(_TIMES) if any(each.frozen_s for each in samples) else found


def sample_row(index: int, sample: Sample) -> dict[str, Any]:
    """One entry of a result's `samples`: its metrics, and what explains them."""
    timed = not sample.frozen_s
    return {
        "index": index,
        **metrics_of([sample], sample.load_ms),
        "itl_ms": _gaps(sample.itl) if timed else None,
        "cached_tokens": sample.cached_tokens,
        "evaluated_tokens": sample.evaluated_tokens,
        "prefill_ms": _round(sample.prefill_ms) if timed else None,
        "decode_ms": _round(sample.decode_ms) if timed else None,
        "finish_reason": sample.finish_reason,
        **_apart(sample),
    }


def _apart(sample: Sample) -> dict[str, Number]:
    """What only some answers have: reasoning, a first text that is not the first token, and a
    runner that stood still.
    """
    found: dict[str, Number | None] = {"reasoning_tokens": sample.reasoning_tokens}
    if sample.frozen_s:
        found["interrupted_s"] = round(sample.frozen_s, 3)
    else:
        found["reasoning_ms"] = _round(sample.reasoning_ms)
        found["first_text_ms"] = None if sample.unseen is None else _round(sample.first_text_ms)
    return {name: value for name, value in found.items() if value is not None}


def cached_of(samples: Sequence[Sample]) -> dict[str, float]:
    """An extra that marks a result whose prefill was spared some of its work; else nothing."""
    cached = mean(samples, lambda s: s.cached_tokens)
    return {CACHED: round(cached, 3)} if cached else {}


def energy_of(samples: Sequence[Sample], curve: PowerCurve) -> dict[str, float]:
    """The extras that a power meter gives; none without one."""
    found = {GPU_POWER: curve.mean_w, ENERGY_PER_TOKEN: None}
    counts = [sample.completion_tokens for sample in samples]
    if curve.energy_j is not None and all(counts):
        found[ENERGY_PER_TOKEN] = curve.energy_j / sum(filter(None, counts))
    return {name: round(value, 6) for name, value in found.items() if value is not None}


def _prefill_tps(samples: Sequence[Sample]) -> float | None:
    """Evaluated prompt tokens per second: what came out of a cache was not computed."""
    tokens = mean(samples, lambda s: s.evaluated_tokens)
    prefill_ms = mean(samples, lambda s: s.prefill_ms)
    return None if not tokens or not prefill_ms else tokens / (prefill_ms / 1000)


def _gaps(gaps: Gaps | None) -> dict[str, float | int] | None:
    if gaps is None:
        return None
    return {name: round(value, 3) for name, value in asdict(gaps).items()}


def _whole(value: Number | None) -> int | None:
    return None if value is None else round(value)


def _round(value: Number | None) -> float | None:
    return None if value is None else round(float(value), 3)
