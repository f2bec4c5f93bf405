"""Who measured a metric, on which clock: the `provenance` of a result; no I/O.

`kind` is `measured`, or `derived` from what was measured by the formula in docs/runners.md, of
which `definition_version` counts the changes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from evalyard_runner.measure import Sample
from evalyard_runner.speed import speed_of

Provenance: TypeAlias = dict[str, Any]

CACHED: Final = "Cached prompt tokens"
CACHED_TTFT: Final = "TTFT from cache (ms)"
ENERGY_PER_TOKEN: Final = "Energy per token (J)"  # noqa: S105 - no password
GPU_POWER: Final = "GPU power (W)"

_DEVICE: Final = "device"
_SERVER: Final = "server"


def provenance_of(
    metrics: Mapping[str, Any], samples: Sequence[Sample], *, is_local: bool
) -> dict[str, Provenance]:
    """Of each known metric. `is_local`: the model server's clock is the device's."""
    first = samples[0]
    clock = _DEVICE if is_local else _SERVER
    speed = speed_of(samples)
    known = {**_counts(first), **_stream(), **_server_times(first, clock)}
    if speed.by_server:
        known |= _by_server(first, clock, speed.why)
    measured = {**metrics, "itl_ms": first.itl, "cached_tokens": first.cached_tokens}
    said = {name: known[name] for name, value in measured.items() if value is not None}
    return said | _withheld(metrics, speed.why)


def extra_provenance_of(
    extra: Mapping[str, float], samples: Sequence[Sample]
) -> dict[str, Provenance]:
    """Of the numbers that are no metrics."""
    known = {
        CACHED: _cached(samples[0]),
        CACHED_TTFT: {**derived("ttft_ms"), "over": "the repetitions left out"},
        GPU_POWER: measured("nvml", _DEVICE, over="the measured repetitions"),
        ENERGY_PER_TOKEN: derived(GPU_POWER, "completion_tokens"),
    }
    return {name: known[name] for name in extra}


def measured(source: str, clock: str | None, **more: str) -> Provenance:
    """`clock` None: a count, which needs none."""
    return {"source": source, "clock": clock, "kind": "measured", "definition_version": 1, **more}


def derived(*names: str) -> Provenance:
    """Computed by the runner from other numbers of the result."""
    said = {"source": "runner", "clock": _DEVICE, "kind": "derived", "definition_version": 1}
    return {**said, "from": list(names)}


def _counts(sample: Sample) -> dict[str, Provenance]:
    counted = measured(sample.counted_by, None)
    return {
        "prompt_tokens": counted,
        "completion_tokens": counted,
        "cached_tokens": _cached(sample),
    }


def _cached(sample: Sample) -> Provenance:
    """Who times the prefill knows what it was spared."""
    return measured(sample.timed_by or sample.counted_by, None)


def _stream() -> dict[str, Provenance]:
    decoding = ("completion_tokens", "latency_ms", "ttft_ms")
    return {
        "latency_ms": measured("client_stream", _DEVICE),
        "ttft_ms": measured("client_stream", _DEVICE),
        "itl_ms": measured("client_stream", _DEVICE),
        "tok_s": derived(*decoding),
        "tpot_ms": derived(*decoding),
    }


def _by_server(sample: Sample, clock: str, why: str | None) -> dict[str, Provenance]:
    """Speeds by the server's own time, where arrivals contradict the runner's."""
    decoding = derived("completion_tokens", "decode_ms")
    speed = {**decoding, "source": sample.timed_by, "clock": clock, "why": why}
    return {"tok_s": speed, "tpot_ms": speed}


def _withheld(metrics: Mapping[str, Any], why: str | None) -> dict[str, Provenance]:
    """What could have been computed, and would have been wrong."""
    if why is None:
        return {}
    said = {"source": "runner", "clock": None, "kind": "withheld", "definition_version": 1}
    judged = ("latency_ms", "ttft_ms", "tok_s", "tpot_ms")
    missing = [name for name in judged if metrics[name] is None]
    return {name: {**said, "why": why} for name in missing}


def _server_times(sample: Sample, clock: str) -> dict[str, Provenance]:
    prefill = derived("evaluated_tokens", "prefill_ms")
    by_server = sample.load_ms is not None
    return {
        "prefill_tps": {**prefill, "source": sample.timed_by, "clock": clock},
        "load_ms": measured(
            sample.timed_by if by_server and sample.timed_by else "runner",
            clock if by_server else _DEVICE,
            when=_WHEN_ASKED if by_server else _WHEN_STARTED,
        ),
    }


_WHEN_ASKED: Final = "by the attempt's first request, warm-ups included; a part of its latency_ms"
_WHEN_STARTED: Final = "at the start of the runner; no part of latency_ms"
