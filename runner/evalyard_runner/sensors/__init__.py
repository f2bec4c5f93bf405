"""What the device can tell about itself: processor, memory, battery, GPUs."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic
from typing import Any

from evalyard_runner.sensors.host import read_host
from evalyard_runner.sensors.nvidia import UNKNOWN, NvidiaGpus
from evalyard_runner.sensors.termux import TermuxBattery

Probe = Callable[[], dict[str, Any]]


class Sensors:
    """Asks every probe; a later one overrides an earlier one where it knows something.

    `power_w` reads what the GPUs draw now, None where no GPU says so. Reading blocks.
    """

    def __init__(
        self, probes: Sequence[Probe], power_w: Callable[[], float | None] | None = None
    ) -> None:
        self._probes, self.power_w = tuple(probes), power_w
        self._last: tuple[float, dict[str, Any]] | None = None
        self._lock = Lock()

    def read(self) -> dict[str, Any]:
        """All readings of this moment."""
        with self._lock:
            found: dict[str, Any] = dict(UNKNOWN)
            for probe in self._probes:
                found |= {k: v for k, v in probe().items() if v is not None or k not in found}
            self._last = monotonic(), found
            return found

    def recent(self, seconds: float) -> dict[str, Any]:
        """Readings that are at most so old: whoever looks often need not measure as often."""
        last = self._last
        return last[1] if last and monotonic() - last[0] <= seconds else self.read()


def find_sensors() -> Sensors:
    """Whatever this device has."""
    gpus, battery = NvidiaGpus.find(), TermuxBattery.find()
    probes: list[Probe] = [read_host]
    probes += [battery.read] if battery else []
    probes += [gpus.read] if gpus else []
    return Sensors(probes, gpus.power_w if gpus else None)
