"""Runs a claimed job on the backend: warm-ups, then measured repetitions, within its time-out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalyard_runner.attached_log import attached_log, note_run
from evalyard_runner.backends import Backend
from evalyard_runner.conditions import conditions_of
from evalyard_runner.counting import Counted, counted_of
from evalyard_runner.energy import PowerCurve, power_watched
from evalyard_runner.errors import GenerationError
from evalyard_runner.freezes import FreezeWatch
from evalyard_runner.gates import is_hot
from evalyard_runner.measure import Sample
from evalyard_runner.metrics import cached_of, energy_of, metrics_of, sample_row
from evalyard_runner.options import Generation
from evalyard_runner.provenance import extra_provenance_of, provenance_of
from evalyard_runner.result_flags import flags_of
from evalyard_runner.sensors import Sensors
from evalyard_runner.warmup import wants_cache, warmup_of
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

    warmups: list[Sample]
    samples: list[Sample]
    load_ms: float | None
    power: PowerCurve

    @property
    def interrupted(self) -> bool:
        return any(sample.frozen_s for sample in self.samples)


async def measure(
    backend: Backend, claim: Claim, sensors: Sensors, max_temp_c: float | None = None
) -> Measured:
    """`max_temp_c` is the device's gate. Raises GenerationError, with code `timeout` when the whole
    attempt exceeds `timeout_s` by no fault of the runner.
    """
    before, mark = await asyncio.to_thread(sensors.read), backend.log.mark()
    generation = Generation(claim.model, claim.prompt, claim.system, claim.options)
    about = await backend.about(claim.model)
    with FreezeWatch() as watch:
        try:
            async with asyncio.timeout(claim.timeout_s):
                runs = await _run(backend, claim, generation, sensors, watch)
        except TimeoutError as exc:
            raise timed_out(claim.timeout_s, watch.frozen_s()) from exc
    telemetry = {"before": before, "after": await asyncio.to_thread(sensors.read)}
    wanted = wants_cache(generation)
    counted = counted_of(runs.samples, cache_wanted=wanted, warmups=runs.warmups)
    metrics = metrics_of(counted.samples, runs.load_ms)
    others = [] if wanted else runs.warmups
    hot = is_hot(before, max_temp_c)
    flags = flags_of(runs.samples, generation, hot_start=hot, warmups=others)
    local, warm = backend.is_local, claim.warmup > 0
    conditions = conditions_of(about, before, counted.samples, is_local=local, warm=warm)
    body = _body(runs, counted, metrics, is_local=local)
    body |= {"flags": flags, "telemetry": telemetry, "conditions": conditions}
    return Measured(metrics, body, attached_log(backend.log.since(mark), claim))


def timed_out(timeout_s: float, frozen_s: float) -> GenerationError:
    """The failure of an attempt that was not done in time. One in which the runner stood still
    costs the job nothing, like one in which it was stopped.
    """
    if frozen_s:
        why = f"the runner stood still for {frozen_s:.0f} s, and the job had {timeout_s:g} s"
        return GenerationError("device_lost", why, retryable=True)
    return GenerationError("timeout", f"not done after {timeout_s:g} s", retryable=True)


async def _run(
    backend: Backend,
    claim: Claim,
    generation: Generation,
    sensors: Sensors,
    watch: FreezeWatch,
) -> _Runs:
    async def run(said: Generation, kind: str) -> Sample:
        return await _generate(backend, said, kind, watch)

    warmups = [await run(warmup_of(generation), "warm-up") for _ in range(claim.warmup)]
    async with power_watched(sensors.power_w) as power:
        samples = [await run(generation, "run") for _ in range(claim.repeat)]
    first = (warmups + samples)[0]
    load_ms = backend.load_ms if first.load_ms is None else first.load_ms
    return _Runs(warmups, samples, load_ms, power)


async def _generate(
    backend: Backend, generation: Generation, kind: str, watch: FreezeWatch
) -> Sample:
    frozen_before_s = watch.frozen_s()
    sample = await backend.generate(generation)
    sample = replace(sample, frozen_s=watch.frozen_s() - frozen_before_s)
    note_run(backend.log, kind, sample)
    return sample


def _body(
    runs: _Runs, counted: Counted, metrics: dict[str, int | float | None], *, is_local: bool
) -> dict[str, Any]:
    """The output is the first measured run's; the samples say how each of them went."""
    power = PowerCurve() if runs.interrupted else runs.power
    extra = cached_of(counted.samples) | energy_of(runs.samples, power)
    extra |= counted.extra
    provenance = provenance_of(metrics, counted.samples, is_local=is_local)
    provenance |= extra_provenance_of(extra, runs.samples)
    return {
        "output": runs.samples[0].text,
        "metrics": metrics,
        "extra": extra,
        "samples": _rows(runs.samples, counted),
        "provenance": counted.noted(provenance),
    }


def _rows(samples: Sequence[Sample], counted: Counted) -> list[dict[str, Any]]:
    """Those that do not count say why."""
    rows = [sample_row(index, sample) for index, sample in enumerate(samples)]
    return [row | counted.why_not(sample) for row, sample in zip(rows, samples, strict=True)]
