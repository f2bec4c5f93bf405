"""Looks at the sensors before a job is taken, and says once when it closes the gate and once when
it opens it again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from evalyard_runner import log
from evalyard_runner.gates import SENSOR_SILENT, Gates, Limits, hottest_c
from evalyard_runner.sensors import Sensors
from evalyard_runner.silence import Silence


@dataclass
class Gatekeeper:
    """`period_s` is how old a reading may be, and how long a closed gate stays so at least."""

    limits: Limits
    sensors: Sensors
    period_s: float = 5.0
    clock: Callable[[], float] = monotonic
    _silence: Silence = field(default_factory=Silence, init=False)
    _gates: Gates = field(init=False)
    _closed_by: str | None = field(default=None, init=False)
    _warned: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._gates = Gates(self.limits)

    async def closed_by(self) -> str | None:
        """Why no job may be taken now; None when one may."""
        if not self.limits.given:
            return None
        readings = await asyncio.to_thread(self.sensors.recent, self.period_s)
        self._warn(readings)
        reason = self._reason(readings)
        if reason != self._closed_by:
            self._tell(reason, readings)
        self._closed_by = reason
        return reason

    def _reason(self, readings: dict[str, object]) -> str | None:
        """A closed gate stays closed while its sensor is silent, an open one closes for it; after
        a while both open.
        """
        missing = self._gates.unreadable(readings)
        silent, given_up = self._silence.judged(missing, self.clock(), hangs=self.sensors.late)
        for name in given_up:
            self._gates.forget(name)
            log.trouble("limit_not_watched", unreadable=name)
        closed = self._gates.closed_by(readings)
        return closed or (SENSOR_SILENT if silent else None)

    def _warn(self, readings: dict[str, object]) -> None:
        """A limit on what cannot be read protects nothing; its owner should know."""
        missing = self._gates.unreadable(readings)
        if self.sensors.late:
            return
        if missing and not self._warned:
            log.trouble("limit_not_watched", unreadable=",".join(missing))
        self._warned = True

    def _tell(self, reason: str | None, readings: dict[str, object]) -> None:
        seen = {"temperature_c": hottest_c(readings), "battery": readings.get("battery")}
        if reason is None:
            log.trouble("pulling_resumed", **seen)
        else:
            log.trouble("pulling_stopped", reason=reason, **seen)
