"""All sensors together."""

from evalyard_runner.sensors import Sensors, find_sensors


def test_later_probe_wins_where_it_knows_something_when_both_read_the_same() -> None:
    sensors = Sensors(
        [
            lambda: {"temperature_c": 50.0, "battery": None, "cpu_pct": 3.0},
            lambda: {"temperature_c": 30.0, "battery": 80.0, "cpu_pct": None},
        ]
    )

    said = sensors.read()

    assert (said["temperature_c"], said["battery"], said["cpu_pct"]) == (30.0, 80.0, 3.0)
    assert said["gpu_power_w"] is None


def test_sensors_are_asked_once_when_a_recent_reading_will_do() -> None:
    asked = []
    sensors = Sensors([lambda: {"asked": asked.append(1)}])

    sensors.recent(3600)
    sensors.recent(3600)
    sensors.recent(-1)

    assert len(asked) == 2


def test_this_device_tells_something_when_it_is_read() -> None:
    assert find_sensors().read().keys() >= {"battery", "temperature_c", "memory_pct", "gpu_pct"}
