"""Runs a claimed job on the backend: warm-ups, then measured repetitions, within its time-out."""

import asyncio
from dataclasses import dataclass
from typing import Any

from evalyard_runner.attached_log import attached_log, note_run
from evalyard_runner.backends import Backend
from evalyard_runner.energy import PowerCurve, power_watched
from evalyard_runner.errors import GenerationError
from evalyard_runner.measure import Sample
from evalyard_runner.metrics import cached_of, energy_of, metrics_of, sample_row
from evalyard_runner.options import Generation
from evalyard_runner.provenance import extra_provenance_of, provenance_of
from evalyard_runner.sensors import Sensors
from evalyard_runner.wire import Claim


@dataclass(frozen=True)
class Measured:
    """A finished job: the metrics for the progress line, the body for `complete`, and its log."""

    metrics: dict[str, int | float | None]
    body: dict[str, Any]
    log: str


@dataclass(frozen=True)
class _Runs:
    """What was measured; `load_ms` is what the first request of all had to wait for the model."""

    samples: list[Sample]
    load_ms: float | None
    power: PowerCurve


async def measure(backend: Backend, claim: Claim, sensors: Sensors) -> Measured:
    """Raises GenerationError, with code `timeout` when the whole attempt exceeds `timeout_s`."""
    before, mark = await asyncio.to_thread(sensors.read), backend.log.mark()
    try:
        async with asyncio.timeout(claim.timeout_s):
            runs = await _run(backend, claim, sensors)
    except TimeoutError as exc:
        raise GenerationError(
            "timeout", f"not done after {claim.timeout_s:g} s", retryable=True
        ) from exc
    telemetry = {"before": before, "after": await asyncio.to_thread(sensors.read)}
    metrics = metrics_of(runs.samples, runs.load_ms)
    body = _body(runs, metrics, is_local=backend.is_local) | {"telemetry": telemetry}
    return Measured(metrics, body, attached_log(backend.log.since(mark), claim))


async def _run(backend: Backend, claim: Claim, sensors: Sensors) -> _Runs:
    generation = Generation(claim.model, claim.prompt, claim.system, claim.options)
    warmups = [await _generate(backend, generation, "warm-up") for _ in range(claim.warmup)]
    async with power_watched(sensors.power_w) as power:
        samples = [await _generate(backend, generation, "run") for _ in range(claim.repeat)]
    first = (warmups + samples)[0]
    load_ms = backend.load_ms if first.load_ms is None else first.load_ms
    return _Runs(samples, load_ms, power)


async def _generate(backend: Backend, generation: Generation, kind: str) -> Sample:
    sample = await backend.generate(generation)
    note_run(backend.log, kind, sample)
    return sample


def _body(runs: _Runs, metrics: dict[str, int | float | None], *, is_local: bool) -> dict[str, Any]:
    """The output is the first measured run's; the samples say how each of them went."""
    extra = cached_of(runs.samples) | energy_of(runs.samples, runs.power)
    provenance = provenance_of(metrics, runs.samples, is_local=is_local)
    return {
        "output": runs.samples[0].text,
        "metrics": metrics,
        "extra": extra,
        "samples": [sample_row(index, sample) for index, sample in enumerate(runs.samples)],
        "provenance": provenance | extra_provenance_of(extra, runs.samples),
    }
