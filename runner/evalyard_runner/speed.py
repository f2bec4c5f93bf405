"""Decode speed of some samples: by the arrivals, by the server's own time where arrivals contradict
it, or none; no I/O.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from evalyard_runner.arrivals import contradiction
from evalyard_runner.measure import Sample

Number: TypeAlias = int | float


@dataclass(frozen=True)
class Speed:
    """`by_server`: from the server's decoding time. `why`: what was wrong with the arrivals."""

    tok_s: float | None
    tpot_ms: float | None
    by_server: bool = False
    why: str | None = None


def speed_of(samples: Sequence[Sample]) -> Speed:
    """Ratios of sums over all samples; one contradicted sample speaks for all of them, so that
    the numbers of one result have one source.
    """
    completion = mean(samples, lambda s: s.completion_tokens)
    why = next(filter(None, map(contradiction, samples)), None)
    if why is not None:
        return _by_server(samples, completion, why)
    latency_ms = mean(samples, lambda s: s.latency_ms)
    ttft_ms = mean(samples, lambda s: s.ttft_ms)
    return Speed(
        tokens_per_second(completion, latency_ms, ttft_ms),
        ms_per_token(completion, latency_ms, ttft_ms),
    )


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


def mean(samples: Sequence[Sample], read: Callable[[Sample], Number | None]) -> float | None:
    """None when one of the samples lacks the number."""
    values = [value for value in map(read, samples) if value is not None]
    return fmean(values) if samples and len(values) == len(samples) else None


def _by_server(samples: Sequence[Sample], completion: Number | None, why: str) -> Speed:
    decode_ms = mean(samples, _possible_decode_ms)
    if completion is None or completion < 2 or decode_ms is None:
        return Speed(None, None, why=why)
    tpot_ms = decode_ms / (completion - 1)
    return Speed(1000 / tpot_ms, tpot_ms, by_server=True, why=why)


def _possible_decode_ms(sample: Sample) -> float | None:
    """A server cannot have decoded for longer than the request took."""
    return None if (sample.decode_ms or 0.0) > sample.latency_ms else sample.decode_ms
