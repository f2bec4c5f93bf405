"""From samples to the metrics of API.md §4, and where each of them comes from; no I/O.

Times and counts are means over the samples, rates are ratios of their sums: so the numbers of one
result agree with each other (`tok_s` is what the mean counts and times give), and a fast outlier
cannot lift an average speed. A metric that one sample lacks is None for all of them.
"""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, Final, TypeAlias

from evalyard_runner.measure import Sample

Number: TypeAlias = int | float

_MEASURED: Final = {"clock": "device", "kind": "measured", "definition_version": 1}
_DERIVED: Final = {
    "source": "runner",
    "clock": "device",
    "kind": "derived",
    "definition_version": 1,
}
_PROVENANCE: Final[dict[str, dict[str, Any]]] = {
    "prompt_tokens": {
        "source": "server_usage",
        "clock": None,
        "kind": "measured",
        "definition_version": 1,
    },
    "completion_tokens": {
        "source": "server_usage",
        "clock": None,
        "kind": "measured",
        "definition_version": 1,
    },
    "latency_ms": {"source": "client_stream", **_MEASURED},
    "ttft_ms": {"source": "client_stream", **_MEASURED},
    "tok_s": _DERIVED,
    "tpot_ms": _DERIVED,
    "prefill_tps": {"source": "llama_cpp_server", **_MEASURED},
    "load_ms": {
        "source": "runner",
        **_MEASURED,
        "when": "model load at runner start, not part of latency_ms",
    },
}


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
    """One entry of a result's `samples`."""
    row: dict[str, Any] = {"index": index, **metrics_of([sample], None)}
    del row["load_ms"]
    return {**row, "cached_tokens": sample.cached_tokens, "finish_reason": sample.finish_reason}


def provenance_of(metrics: dict[str, Number | None]) -> dict[str, dict[str, Any]]:
    """Who measured each known metric, on which clock."""
    return {name: _PROVENANCE[name] for name, value in metrics.items() if value is not None}


def tokens_per_second(
    completion: Number | None, latency_ms: Number | None, ttft_ms: Number | None
) -> float | None:
    """Decode speed, API.md §6: the first token belongs to the prefill, unless nothing is known
    about it.
    """
    if not completion or not latency_ms or latency_ms <= 0:
        return None
    if ttft_ms is not None and ttft_ms < latency_ms and completion >= 2:
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


def _mean(samples: Sequence[Sample], read: Callable[[Sample], Number | None]) -> float | None:
    values = [value for value in map(read, samples) if value is not None]
    return fmean(values) if samples and len(values) == len(samples) else None


def _whole(value: Number | None) -> int | None:
    return None if value is None else round(value)


def _round(value: Number | None) -> float | None:
    return None if value is None else round(float(value), 3)
