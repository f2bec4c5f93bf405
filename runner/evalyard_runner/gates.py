"""When a device takes no job: while it is hot, or its battery low; no I/O.

A gate that closed opens a little beyond its limit, so that a device at the limit does not flutter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

HOT: Final = "hot"
LOW_BATTERY: Final = "low_battery"
SENSOR_SILENT: Final = "sensor_silent"

_COOLER_BY_C: Final = 5.0
_FULLER_BY_PCT: Final = 5.0


@dataclass(frozen=True)
class Limits:
    """What the device's owner allows; None is no limit."""

    max_temp_c: float | None = None
    min_battery_pct: float | None = None

    @property
    def given(self) -> bool:
        return self.max_temp_c is not None or self.min_battery_pct is not None


class Gates:
    """Judges one reading after the other. What cannot be read changes nothing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._hot = self._low = False

    def closed_by(self, readings: Mapping[str, Any]) -> str | None:
        """Why no job may be taken now; None when one may."""
        self._judge_heat(hottest_c(readings))
        self._judge_battery(readings.get("battery"), readings.get("charging"))
        return HOT if self._hot else LOW_BATTERY if self._low else None

    def unreadable(self, readings: Mapping[str, Any]) -> list[str]:
        """The readings that a limit was given for and that this device does not have."""
        limits = self._limits
        wanted = {
            "temperature_c": limits.max_temp_c is not None and hottest_c(readings) is None,
            "battery": limits.min_battery_pct is not None and readings.get("battery") is None,
        }
        return [name for name, missing in wanted.items() if missing]

    def forget(self, name: str) -> None:
        """Open the gate of a reading that does not come any more."""
        if name == "battery":
            self._low = False
        else:
            self._hot = False

    def _judge_heat(self, temperature_c: float | None) -> None:
        limit = self._limits.max_temp_c
        if limit is not None and temperature_c is not None:
            self._hot = temperature_c >= (limit - _COOLER_BY_C if self._hot else limit)

    def _judge_battery(self, battery: float | None, charging: bool | None) -> None:
        limit = self._limits.min_battery_pct
        if limit is None or battery is None:
            return
        enough = min(limit + _FULLER_BY_PCT, 100.0) if self._low else limit
        self._low = not charging and battery < enough


def hottest_c(readings: Mapping[str, Any]) -> float | None:
    """Processor (a phone's battery) or GPU, whichever is hotter."""
    known = [readings.get(name) for name in ("temperature_c", "gpu_temperature_c")]
    return max((value for value in known if value is not None), default=None)


def is_hot(readings: Mapping[str, Any], max_temp_c: float | None) -> bool:
    """Whether a gate with this limit would be closed."""
    temperature_c = hottest_c(readings)
    return max_temp_c is not None and temperature_c is not None and temperature_c >= max_temp_c
