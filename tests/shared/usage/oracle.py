"""The same statistics by NumPy and plain Python, independent of the product."""

from typing import Any

import numpy as np

from shared.runs import Run


def expected_stats(runs: list[Run]) -> dict[str, Any]:
    """What the API promises for exactly these runs."""
    ok = [run for run in runs if run.ok]
    timed = [run for run in ok if run.completion_tokens is not None and run.latency_ms is not None]
    seconds = sum(run.latency_ms for run in timed) / 1000
    labels = {label for run in runs for label in run.extra}
    prompt = sum(run.prompt_tokens or 0 for run in runs)
    completion = sum(run.completion_tokens or 0 for run in runs)
    return {
        "runs": len(runs),
        "ok": len(ok),
        "errors": len(runs) - len(ok),
        "error_rate": (len(runs) - len(ok)) / len(runs) if runs else None,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "latency_ms": distribution([run.latency_ms for run in ok]),
        "ttft_ms": distribution([run.ttft_ms for run in ok]),
        "tok_s": distribution([run.tok_s for run in ok]),
        "throughput_tps": sum(run.completion_tokens for run in timed) / seconds
        if seconds
        else None,
        "extra": {label: distribution([run.extra.get(label) for run in runs]) for label in labels},
    }


def distribution(values: list[float | None]) -> dict[str, Any]:
    """The distribution of the values that are there."""
    known = np.array([value for value in values if value is not None], dtype=float)
    if not len(known):
        return {"n": 0} | dict.fromkeys(("mean", "min", "p50", "p90", "p95", "p99", "max", "std"))
    return {
        "n": len(known),
        "mean": float(known.mean()),
        "min": float(known.min()),
        **{f"p{q}": float(np.percentile(known, q)) for q in (50, 90, 95, 99)},
        "max": float(known.max()),
        "std": float(known.std()),
    }
