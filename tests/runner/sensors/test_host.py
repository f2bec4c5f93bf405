"""What a device tells about itself through psutil."""

from types import SimpleNamespace
from typing import Any

import psutil
import pytest
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
    assert hottest_processor_c({"cpu_thermal": [65.535, None, 0.0]}) is None
    assert hottest_processor_c({"cpu_thermal": [65.535, None], "acpitz": [27.8]}) == 27.8


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


@pytest.mark.parametrize(
    "failure", [ValueError("could not convert string to float"), FileNotFoundError(), KeyError()]
)
def test_others_are_read_when_one_sensors_file_is_empty_or_gone(failure: Exception) -> None:
    def gone() -> Any:
        raise failure

    said = host_readings(
        SimpleNamespace(
            Error=psutil.Error,
            sensors_temperatures=gone,
            sensors_battery=lambda: SimpleNamespace(percent=0, power_plugged=False),
            virtual_memory=gone,
            cpu_percent=lambda interval: 12.0,
        )
    )

    known = {"battery": 0.0, "charging": False, "cpu_pct": 12.0}
    assert said == {**dict.fromkeys(FIELDS), **known}


@pytest.mark.parametrize(("said", "charge_pct"), [(112.07, 100.0), (117, 100.0), (None, None)])
def test_battery_is_full_when_it_holds_more_than_it_should(said: Any, charge_pct: Any) -> None:
    """As of https://github.com/giampaolo/psutil/issues/1785."""
    battery = SimpleNamespace(percent=said, power_plugged=True)

    found = host_readings(SimpleNamespace(Error=psutil.Error, sensors_battery=lambda: battery))

    assert (found["battery"], found["charging"]) == (charge_pct, True)
