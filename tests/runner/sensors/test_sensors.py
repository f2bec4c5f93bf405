"""All sensors together."""

from threading import Event
from typing import Any

import pytest
from evalyard_runner.sensors import Sensors, find_sensors
from evalyard_runner.sensors.asked import Asked


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


@pytest.mark.parametrize(
    "odd", [None, 7, {"battery": 101.0}, {"battery": "full"}, {"battery": float("nan")}]
)
def test_nothing_is_known_when_a_sensor_says_what_is_no_reading(odd: Any) -> None:
    assert Sensors([lambda: odd]).read().get("battery") is None


def test_a_level_is_unknown_when_it_is_below_nothing() -> None:
    said = Sensors([lambda: {"gpu_power_w": -0.001, "temperature_c": -4.0}]).read()

    assert (said["gpu_power_w"], said["temperature_c"]) == (None, -4.0)


def test_other_sensors_are_read_when_one_raises(capfd: pytest.CaptureFixture[str]) -> None:
    failing = [True, True, False]

    def battery() -> dict[str, Any]:
        if failing.pop(0):
            raise ZeroDivisionError
        return {"battery": 50.0}

    sensors = Sensors([battery, lambda: {"cpu_pct": 3.0}], power_w=lambda: 1 / 0)

    read = [sensors.read() for _ in range(3)]

    assert [said.get("battery") for said in read] == [None, None, 50.0]
    assert {said["cpu_pct"] for said in read} == {3.0}
    assert sensors.power_w is not None
    assert sensors.power_w() is None
    events = [line.split()[0] for line in capfd.readouterr().err.splitlines()]
    assert events == ["sensor_failed", "sensor_answered_again", "sensor_failed"]


def test_sensor_is_asked_again_when_it_has_stopped_hanging() -> None:
    answer, asked = Event(), Event()

    def battery() -> dict[str, Any]:
        asked.set()
        answer.wait(60)
        return {"battery": 50.0}

    sensors = Sensors([battery, lambda: {"cpu_pct": 3.0}], patience_s=0.05)
    hanging, asked_once = [sensors.read(), sensors.read()], sensors.late
    answer.set()
    while sensors.late:
        well = sensors.read()

    assert asked_once
    assert [said.get("battery") for said in (*hanging, well)] == [None, None, 50.0]
    assert hanging[1]["cpu_pct"] == 3.0


def test_sensor_is_asked_again_when_one_answer_hangs_for_ever() -> None:
    never, now, asked = Event(), [0.0], []

    def battery() -> float:
        asked.append(now[0])
        if len(asked) <= 2:
            never.wait(60)
        return 50.0

    sensor = Asked(battery, patience_s=0.05, clock=lambda: now[0])
    read = []
    for now[0] in range(0, 240, 10):
        read.append(sensor.ask())
    never.set()

    # After a minute, after two more, and then always.
    assert asked == [0.0, 60.0, 180.0, *range(190, 240, 10)]
    assert read == [*[None] * 18, *[50.0] * 6]
    assert not sensor.late


def test_a_thread_an_hour_hangs_when_a_sensor_never_answers() -> None:
    never, now, asked = Event(), [0.0], []

    def battery() -> None:
        asked.append(1)
        never.wait(60)

    sensor = Asked(battery, patience_s=0.001, clock=lambda: now[0])
    for now[0] in range(0, 86_400, 60):
        sensor.ask()
    never.set()

    assert 24 <= len(asked) <= 30


def test_this_device_tells_something_when_it_is_read() -> None:
    assert find_sensors().read().keys() >= {"battery", "temperature_c", "memory_pct", "gpu_pct"}
