"""The machine, as psutil sees it; None for what cannot be read, and all of it without psutil."""

import importlib
from collections.abc import Mapping, Sequence
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
# All bits of a 16-bit register, in thousandths of a degree: what a sensor without power reads.
_UNPOWERED_C: Final = 65.535
# Worn batteries hold more than their firmware believes: https://github.com/giampaolo/psutil/issues/1785
_FULLEST_PCT: Final = 150.0


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


def hottest_processor_c(readings: Mapping[str, Sequence[float | None]]) -> float | None:
    """The hottest plausible reading of the processor's sensor, by the first known name that has
    one.
    """
    for name in _PROCESSOR_SENSORS:
        # Exactly 0 is what a driver says before its sensor has measured anything.
        plausible = [value for value in readings.get(name, ()) if value and _is_plausible(value)]
        if plausible:
            return round(max(plausible), 1)
    return None


def _is_plausible(temperature_c: float) -> bool:
    low, high = _PLAUSIBLE_C
    return low < temperature_c < high and temperature_c != _UNPOWERED_C


@cache
def _psutil() -> Any:
    """It is compiled, and not everywhere: an Android phone may have to do without."""
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None


def _tried(psutil: Any, read: Any) -> Any:
    """What was read, or None: sensors are missing in many ways, each on another system, and one
    whose file is empty or gone costs nothing but its own reading.
    """
    if psutil is None:
        return None
    try:
        return read()
    except Exception:  # The last resort: https://github.com/giampaolo/psutil/issues/1323 is one.
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
    charge_pct = _tried(psutil, lambda: round(float(battery.percent), 1))
    if charge_pct is not None and 100.0 < charge_pct <= _FULLEST_PCT:
        charge_pct = 100.0
    return {"battery": charge_pct, "charging": battery.power_plugged}


def _temperature_c(psutil: Any) -> float | None:
    sensors = _tried(psutil, lambda: psutil.sensors_temperatures()) or {}
    return hottest_processor_c(
        {name: [entry.current for entry in entries] for name, entries in sensors.items()}
    )
