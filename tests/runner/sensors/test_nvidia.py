"""NVIDIA GPUs, through a stand-in for NVML."""

from types import SimpleNamespace
from typing import Any

import pytest
from evalyard_runner.sensors.nvidia import UNKNOWN, NvidiaGpus


class NvmlFault(Exception):
    """What NVML's own errors are to their module."""


class FakeNvml:
    """`gpus` are the readings of each; a reading that a GPU lacks is refused, as NVML does."""

    NVMLError = NvmlFault

    def __init__(self, *gpus: dict[str, int], broken: bool = False) -> None:
        self._gpus, self._broken = gpus, broken

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's own names, here and below
        if self._broken:
            raise NvmlFault("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, int]:  # noqa: N802
        return self._gpus[index]

    def nvmlDeviceGetPowerUsage(self, handle: dict[str, int]) -> int:  # noqa: N802
        return self._read(handle, "milliwatts")

    def nvmlDeviceGetTemperature(self, handle: dict[str, int], sensor: int) -> int:  # noqa: N802
        return self._read(handle, "celsius")

    def nvmlDeviceGetMemoryInfo(self, handle: dict[str, int]) -> Any:  # noqa: N802
        return SimpleNamespace(used=self._read(handle, "bytes"))

    def nvmlDeviceGetUtilizationRates(self, handle: dict[str, int]) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=self._read(handle, "percent"))

    def _read(self, handle: dict[str, int], name: str) -> int:
        if name not in handle:
            raise NvmlFault("Not Supported")
        return handle[name]


BIG = {"milliwatts": 250_500, "celsius": 61, "bytes": 8_000, "percent": 97}
SMALL = {"milliwatts": 30_250, "celsius": 70, "bytes": 2_000, "percent": 3}


def test_gpus_are_read_as_one_when_there_are_several() -> None:
    gpus = NvidiaGpus.find(lambda: FakeNvml(BIG, SMALL))

    assert gpus is not None
    assert gpus.power_w() == 280.75
    assert gpus.read() == {
        "gpu_power_w": 280.75,
        "gpu_temperature_c": 70.0,
        "gpu_memory_used_bytes": 10_000,
        "gpu_pct": 97.0,
    }


def test_reading_is_null_when_a_gpu_has_no_power_meter() -> None:
    gpus = NvidiaGpus.find(lambda: FakeNvml({"celsius": 50, "bytes": 1}))

    assert gpus is not None
    assert gpus.power_w() is None
    assert gpus.read() == {**UNKNOWN, "gpu_temperature_c": 50.0, "gpu_memory_used_bytes": 1}


@pytest.mark.parametrize("nvml", [None, FakeNvml(), FakeNvml(BIG, broken=True)])
def test_no_gpu_is_found_when_library_driver_or_gpu_is_missing(nvml: FakeNvml | None) -> None:
    assert NvidiaGpus.find(lambda: nvml) is None
