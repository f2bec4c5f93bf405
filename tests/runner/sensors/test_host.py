"""What a device tells about itself through psutil."""

from types import SimpleNamespace
from typing import Any

import psutil
from evalyard_runner.sensors.host import host_readings, hottest_processor_c, read_host

FIELDS = {
    "battery",
    "charging",
    "temperature_c",
    "cpu_pct",
    "memory_pct",
    "memory_used_bytes",
    "memory_total_bytes",
}


def test_unknown_is_null_when_a_sensor_is_missing_or_absurd() -> None:
    assert hottest_processor_c({}) is None
    assert hottest_processor_c({"nvme": [40.0], "cpu_thermal": [-273.0, 6500.0]}) is None


def test_hottest_core_counts_when_there_are_several() -> None:
    assert hottest_processor_c({"coretemp": [51.0, 63.25, 58.0], "acpitz": [99.0]}) == 63.2


def test_every_field_is_there_when_the_machine_is_read() -> None:
    said = read_host()

    assert said.keys() == FIELDS
    assert 0 < said["memory_used_bytes"] <= said["memory_total_bytes"]


def test_every_field_is_null_when_psutil_is_not_installed() -> None:
    assert host_readings(None) == dict.fromkeys(FIELDS)


def test_fields_are_null_when_their_sensors_cannot_be_read() -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError

    said = host_readings(
        SimpleNamespace(
            Error=psutil.Error,
            sensors_battery=lambda: SimpleNamespace(percent=41.26, power_plugged=False),
            virtual_memory=refused,
            cpu_percent=refused,
        )
    )

    assert said == {**dict.fromkeys(FIELDS), "battery": 41.3, "charging": False}
