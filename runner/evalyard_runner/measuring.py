"""Runs a claimed job on the backend: warm-ups, then measured repetitions, within its time-out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalyard_runner.backends import Backend
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample
from evalyard_runner.metrics import metrics_of, provenance_of, sample_row
from evalyard_runner.options import Generation
from evalyard_runner.telemetry import read_telemetry
from evalyard_runner.wire import Claim


@dataclass(frozen=True)
class Measured:
    """A finished job: the metrics for the progress line, and the whole body for `complete`."""

    metrics: dict[str, int | float | None]
    body: dict[str, Any]


async def measure(backend: Backend, claim: Claim) -> Measured:
    """Raises GenerationError, with code `timeout` when the whole attempt exceeds `timeout_s`."""
    before, mark = await asyncio.to_thread(read_telemetry), backend.log.mark()
    try:
        async with asyncio.timeout(claim.timeout_s):
            samples = await _samples(backend, claim)
    except TimeoutError as exc:
        raise GenerationError(
            "timeout", f"not done after {claim.timeout_s:g} s", retryable=True
        ) from exc
    telemetry = {"before": before, "after": await asyncio.to_thread(read_telemetry)}
    metrics = metrics_of(samples, backend.load_ms)
    return Measured(metrics, _body(samples, metrics, telemetry, backend.log.since(mark)))


async def _samples(backend: Backend, claim: Claim) -> list[Sample]:
    generation = Generation(claim.model, claim.prompt, claim.system, claim.options)
    for _ in range(claim.warmup):
        await backend.generate(generation)
    return [await backend.generate(generation) for _ in range(claim.repeat)]


def _body(
    samples: Sequence[Sample],
    metrics: dict[str, int | float | None],
    telemetry: dict[str, Any],
    log: str,
) -> dict[str, Any]:
    """The output is the first measured run's; the samples say how each of them went."""
    return {
        "output": samples[0].text,
        "metrics": metrics,
        "samples": [sample_row(index, sample) for index, sample in enumerate(samples)],
        "telemetry": telemetry,
        "provenance": provenance_of(metrics),
        "log": log,
    }
