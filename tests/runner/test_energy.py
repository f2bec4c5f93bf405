"""Power read while a model runs."""

import asyncio
from collections.abc import Iterator

import pytest
from evalyard_runner.energy import PowerCurve, power_watched

from tests.runner.kit.loops import finished


def watched(watts: Iterator[float | None], looks: int) -> PowerCurve:
    """The curve of a body that waits for so many readings; a second lies between any two."""
    seconds = iter(range(1000))
    enough = asyncio.Event()
    seen = 0

    def power_w() -> float | None:
        nonlocal seen
        seen += 1
        if seen == looks:
            loop.call_soon_threadsafe(enough.set)
        return next(watts)

    async def run() -> PowerCurve:
        nonlocal loop
        loop = asyncio.get_running_loop()
        async with power_watched(power_w, period_s=0, clock=lambda: float(next(seconds))) as curve:
            await enough.wait()
        return curve

    loop: asyncio.AbstractEventLoop
    return finished(run())


def test_power_is_read_from_the_start_to_the_end_when_a_model_runs() -> None:
    curve = watched(iter([50.0] * 1000), looks=5)

    # The reading that was on its way at the end may be lost; the last one never is.
    assert len(curve.points) >= 5
    assert curve.mean_w == pytest.approx(50.0)
    assert curve.energy_j == pytest.approx(50.0 * (len(curve.points) - 1))


def test_missing_readings_are_left_out_when_the_gpu_does_not_answer() -> None:
    curve = watched(iter([50.0, None, None, *[70.0] * 1000]), looks=4)

    assert [watts for _, watts in curve.points[:2]] == [50.0, 70.0]


def test_nothing_is_watched_when_there_is_no_meter() -> None:
    async def run() -> PowerCurve:
        async with power_watched(None) as curve:
            return curve

    assert finished(run()).mean_w is None
