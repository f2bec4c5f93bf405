"""The power that the GPUs draw while a model runs, and the energy that makes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Final

# NVML renews its reading 10 to 50 times a second.
_PERIOD_S: Final = 0.2


@dataclass
class PowerCurve:
    """Readings over time, as (seconds, watts)."""

    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def energy_j(self) -> float | None:
        """By trapezoids; None below two readings."""
        if len(self.points) < 2:
            return None
        return sum((t2 - t1) * (w1 + w2) / 2 for (t1, w1), (t2, w2) in pairwise(self.points))

    @property
    def mean_w(self) -> float | None:
        """Over time, so that readings need not come evenly."""
        energy_j = self.energy_j
        if energy_j is None or self.points[-1][0] <= self.points[0][0]:
            return None
        return energy_j / (self.points[-1][0] - self.points[0][0])


@asynccontextmanager
async def power_watched(
    power_w: Callable[[], float | None] | None,
    *,
    period_s: float = _PERIOD_S,
    clock: Callable[[], float] = monotonic,
) -> AsyncIterator[PowerCurve]:
    """A curve that grows while the body runs, with a reading at its start and one at its end."""
    curve = PowerCurve()
    if power_w is None:
        yield curve
        return

    async def look() -> None:
        watts = await asyncio.to_thread(power_w)
        if watts is not None:
            curve.points.append((clock(), watts))

    async def keep_looking() -> None:
        while True:
            await asyncio.sleep(period_s)
            await look()

    await look()
    looking = asyncio.create_task(keep_looking())
    try:
        yield curve
    finally:
        looking.cancel()
        await asyncio.wait({looking})
    await look()
