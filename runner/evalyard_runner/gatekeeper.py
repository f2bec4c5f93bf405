"""Looks at the sensors before a job is taken, and says once when it closes the gate and once when
it opens it again.
"""

import asyncio
from dataclasses import dataclass, field

from evalyard_runner import log
from evalyard_runner.gates import Gates, Limits, hottest_c
from evalyard_runner.sensors import Sensors


@dataclass
class Gatekeeper:
    """`period_s` is how old a reading may be, and how long a closed gate stays so at least."""

    limits: Limits
    sensors: Sensors
    period_s: float = 5.0
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
        reason = self._gates.closed_by(readings)
        if reason != self._closed_by:
            self._tell(reason, readings)
        self._closed_by = reason
        return reason

    def _warn(self, readings: dict[str, object]) -> None:
        """A limit on what cannot be read protects nothing; its owner should know."""
        missing = self._gates.unreadable(readings)
        if missing and not self._warned:
            log.trouble("limit_not_watched", unreadable=",".join(missing))
        self._warned = True

    def _tell(self, reason: str | None, readings: dict[str, object]) -> None:
        seen = {"temperature_c": hottest_c(readings), "battery": readings.get("battery")}
        if reason is None:
            log.trouble("pulling_resumed", **seen)
        else:
            log.trouble("pulling_stopped", reason=reason, **seen)
