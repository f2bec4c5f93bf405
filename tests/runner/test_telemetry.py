"""What a device tells about itself."""

from evalyard_runner.telemetry import hottest_processor_c, read_telemetry


def test_unknown_is_null_when_a_sensor_is_missing_or_absurd() -> None:
    assert hottest_processor_c({}) is None
    assert hottest_processor_c({"nvme": [40.0], "cpu_thermal": [-273.0, 6500.0]}) is None


def test_hottest_core_counts_when_there_are_several() -> None:
    assert hottest_processor_c({"coretemp": [51.0, 63.25, 58.0], "acpitz": [99.0]}) == 63.2


def test_every_field_is_there_when_telemetry_is_read() -> None:
    said = read_telemetry()

    assert said.keys() == {
        "battery",
        "charging",
        "temperature_c",
        "cpu_pct",
        "memory_pct",
        "memory_used_bytes",
        "memory_total_bytes",
    }
    assert 0 < said["memory_used_bytes"] <= said["memory_total_bytes"]
