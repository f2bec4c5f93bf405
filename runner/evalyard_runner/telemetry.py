"""What the device can tell about itself through psutil; None for what it cannot read."""

from collections.abc import Mapping
from typing import Any, Final

import psutil

# Names the kernels of PCs, Raspberry Pis and phones give to the sensor of the processor.
_PROCESSOR_SENSORS: Final = (
    "coretemp",
    "k10temp",
    "zenpower",
    "cpu_thermal",
    "cpu-thermal",
    "soc_thermal",
    "acpitz",
)
_PLAUSIBLE_C: Final = (-30.0, 130.0)
_UNREADABLE: Final = (OSError, AttributeError, NotImplementedError, RuntimeError, psutil.Error)


def read_telemetry() -> dict[str, Any]:
    """`cpu_pct` is the load since the last call; `memory_*` is the machine's, `temperature_c` the
    processor's.
    """
    return {**_power(), "temperature_c": _temperature_c(), "cpu_pct": _cpu_pct(), **_memory()}


def _cpu_pct() -> float | None:
    try:
        return psutil.cpu_percent(interval=None)
    except _UNREADABLE:
        return None


def _memory() -> dict[str, Any]:
    try:
        memory = psutil.virtual_memory()
    except _UNREADABLE:
        return {"memory_pct": None, "memory_used_bytes": None, "memory_total_bytes": None}
    used = memory.total - memory.available
    return {
        "memory_pct": memory.percent,
        "memory_used_bytes": used,
        "memory_total_bytes": memory.total,
    }


def _power() -> dict[str, Any]:
    try:
        battery = psutil.sensors_battery()
    except _UNREADABLE:
        battery = None
    if battery is None:
        return {"battery": None, "charging": None}
    return {"battery": round(float(battery.percent), 1), "charging": battery.power_plugged}


def _temperature_c() -> float | None:
    try:
        sensors = psutil.sensors_temperatures()
    except _UNREADABLE:
        return None
    return hottest_processor_c(
        {name: [entry.current for entry in entries] for name, entries in sensors.items()}
    )


def hottest_processor_c(readings: Mapping[str, list[float]]) -> float | None:
    """The hottest plausible reading of the processor's sensor, by the first known name that has
    one.
    """
    low, high = _PLAUSIBLE_C
    for name in _PROCESSOR_SENSORS:
        plausible = [value for value in readings.get(name, ()) if low < value < high]
        if plausible:
            return round(max(plausible), 1)
    return None
