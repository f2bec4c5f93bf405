"""What the device can measure about itself: processor, memory, battery, GPUs."""

from collections.abc import Callable, Sequence
from math import isfinite
from threading import Lock
from time import monotonic
from typing import Any, Final

from evalyard_runner.sensors.asked import PATIENCE_S, Asked
from evalyard_runner.sensors.host import read_host
from evalyard_runner.sensors.nvidia import UNKNOWN, NvidiaGpus
from evalyard_runner.sensors.termux import TermuxBattery

Probe = Callable[[], dict[str, Any]]
# No meter of power and no count of bytes is below nothing.
_NEVER_NEGATIVE: Final = frozenset(
    {"gpu_power_w", "gpu_memory_used_bytes", "memory_used_bytes", "memory_total_bytes"}
)


class Sensors:
    """Asks every probe; a later one overrides an earlier one where it knows something.

    `power_w` reads what the GPUs draw now, None where no GPU says so. Reading blocks, for each
    probe that hangs once `patience_s` and then no more; it never raises.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        power_w: Callable[[], float | None] | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._probes = tuple(Asked(probe, patience_s) for probe in probes)
        self.power_w = None if power_w is None else Asked(power_w, patience_s).ask
        self._last: tuple[float, dict[str, Any]] | None = None
        self._lock = Lock()

    @property
    def late(self) -> bool:
        """Whether one of the probes hangs or fails."""
        return any(probe.late for probe in self._probes)

    def read(self) -> dict[str, Any]:
        """All readings of this moment."""
        with self._lock:
            found: dict[str, Any] = dict(UNKNOWN)
            for probe in self._probes:
                said = _readings(probe.ask())
                found |= {k: v for k, v in said.items() if v is not None or k not in found}
            self._last = monotonic(), found
            return found

    def recent(self, seconds: float) -> dict[str, Any]:
        """Readings that are at most so old: a caller that looks often need not measure as often."""
        last = self._last
        return last[1] if last and monotonic() - last[0] <= seconds else self.read()


def find_sensors() -> Sensors:
    """Whatever this device has."""
    gpus, battery = NvidiaGpus.find(), TermuxBattery.find()
    probes: list[Probe] = [read_host]
    probes += [battery.read] if battery else []
    probes += [gpus.read] if gpus else []
    return Sensors(probes, gpus.power_w if gpus else None)


def _readings(said: object) -> dict[str, Any]:
    """What a probe said, without what is no reading: the API would refuse all of it for that."""
    if not isinstance(said, dict):
        return {}
    return {name: value if _plausible(name, value) else None for name, value in said.items()}


def _plausible(name: str, value: object) -> bool:
    if isinstance(value, float) and not isfinite(value):
        return False
    if name in _NEVER_NEGATIVE and isinstance(value, int | float) and value < 0:
        return False
    return name != "battery" or (isinstance(value, int | float) and 0 <= value <= 100)
