"""NVIDIA GPUs through NVML; a machine without one, without driver or library is nothing special."""

import importlib
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

UNKNOWN: Final[dict[str, Any]] = {
    "gpu_power_w": None,
    "gpu_temperature_c": None,
    "gpu_memory_used_bytes": None,
    "gpu_pct": None,
}
_PROCESSOR_SENSOR: Final = 0


class Nvml(Protocol):
    """The part of the module `pynvml` (package `nvidia-ml-py`) that is used here."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> object: ...  # noqa: N802 - NVML's own names, here and below
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...  # noqa: N802
    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int: ...  # noqa: N802
    def nvmlDeviceGetTemperature(self, handle: Any, _sensor: int, /) -> int: ...  # noqa: N802
    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any: ...  # noqa: N802
    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any: ...  # noqa: N802


class NvidiaGpus:
    """All GPUs of the machine as one: power and memory added up, the hottest, the busiest."""

    def __init__(self, nvml: Nvml) -> None:
        """Raises the NVML's own error when the driver does not answer."""
        self._nvml = nvml
        nvml.nvmlInit()
        self._gpus = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]

    @classmethod
    def find(cls, load: Callable[[], Nvml | None] | None = None) -> "NvidiaGpus | None":
        """None where there is no GPU that can be read."""
        nvml = (load or _pynvml)()
        if nvml is None:
            return None
        try:
            gpus = cls(nvml)
        except (nvml.NVMLError, OSError):
            return None
        return gpus if gpus._gpus else None

    def read(self) -> dict[str, Any]:
        """None for what a GPU does not report: small ones have no power meter."""
        nvml = self._nvml
        memory = self._each(lambda gpu: int(nvml.nvmlDeviceGetMemoryInfo(gpu).used))
        return {
            "gpu_power_w": self.power_w(),
            "gpu_temperature_c": _largest(
                self._each(lambda gpu: nvml.nvmlDeviceGetTemperature(gpu, _PROCESSOR_SENSOR))
            ),
            "gpu_memory_used_bytes": None if memory is None else sum(memory),
            "gpu_pct": _largest(
                self._each(lambda gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
            ),
        }

    def power_w(self) -> float | None:
        """What they draw now."""
        milliwatts = self._each(self._nvml.nvmlDeviceGetPowerUsage)
        return None if milliwatts is None else round(sum(milliwatts) / 1000, 3)

    def _each(self, read: Callable[[Any], T]) -> list[T] | None:
        """One reading per GPU; None unless all of them have it."""
        try:
            return [read(gpu) for gpu in self._gpus]
        except (self._nvml.NVMLError, OSError):
            return None


def _largest(values: "list[int] | None") -> float | None:
    return None if values is None else float(max(values))


def _pynvml() -> Nvml | None:
    try:
        nvml: Nvml = importlib.import_module("pynvml")
    except ImportError:
        return None
    return nvml
