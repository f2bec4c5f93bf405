"""The machine, as psutil sees it; None for what cannot be read, and all of it without psutil."""

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

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


def read_host() -> dict[str, Any]:
    """`cpu_pct` is the load since the last call; `memory_*` is the machine's, `temperature_c` the
    processor's.
    """
    return host_readings(_psutil())


def host_readings(psutil: Any) -> dict[str, Any]:
    """`read_host` through the given psutil; None stands for one that is not installed."""
    return {
        **_power(psutil),
        "temperature_c": _temperature_c(psutil),
        "cpu_pct": _tried(psutil, lambda: psutil.cpu_percent(interval=None)),
        **_memory(psutil),
    }


def physical_cores() -> int | None:
    """None where psutil does not know."""
    psutil = _psutil()
    cores: int | None = _tried(psutil, lambda: psutil.cpu_count(logical=False))
    return cores


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


@cache
def _psutil() -> Any:
    """It is compiled, and not everywhere: an Android phone may have to do without."""
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None


def _tried(psutil: Any, read: Any) -> Any:
    """What was read, or None: sensors are missing in many ways, each on another system."""
    if psutil is None:
        return None
    try:
        return read()
    # psutil raises NotImplementedError where a system has no such thing.
    except (OSError, AttributeError, NotImplementedError, RuntimeError, psutil.Error):
        return None


def _memory(psutil: Any) -> dict[str, Any]:
    memory = _tried(psutil, lambda: psutil.virtual_memory())
    if memory is None:
        return {"memory_pct": None, "memory_used_bytes": None, "memory_total_bytes": None}
    return {
        "memory_pct": memory.percent,
        "memory_used_bytes": memory.total - memory.available,
        "memory_total_bytes": memory.total,
    }


def _power(psutil: Any) -> dict[str, Any]:
    battery = _tried(psutil, lambda: psutil.sensors_battery())
    if battery is None:
        return {"battery": None, "charging": None}
    return {"battery": round(float(battery.percent), 1), "charging": battery.power_plugged}


def _temperature_c(psutil: Any) -> float | None:
    sensors = _tried(psutil, lambda: psutil.sensors_temperatures()) or {}
    return hottest_processor_c(
        {name: [entry.current for entry in entries] for name, entries in sensors.items()}
    )
