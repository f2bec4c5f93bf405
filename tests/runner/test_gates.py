"""When a device takes no job, and when again."""

from typing import Any

import pytest
from evalyard_runner.gatekeeper import Gatekeeper
from evalyard_runner.gates import Gates, Limits, is_hot
from evalyard_runner.sensors import Sensors
from hypothesis import given
from hypothesis import strategies as st

from tests.runner.kit.loops import finished


def verdicts(limits: Limits, *readings: dict[str, Any]) -> list[str | None]:
    gates = Gates(limits)
    return [gates.closed_by(reading) for reading in readings]


def test_device_rests_until_it_is_clearly_cooler_when_it_was_hot() -> None:
    heat = [{"temperature_c": value} for value in (69.9, 70.0, 66.0, 65.0, 64.9, 69.0)]

    assert verdicts(Limits(max_temp_c=70), *heat) == [None, "hot", "hot", "hot", None, None]


def test_device_rests_until_its_battery_is_clearly_fuller_when_it_was_low() -> None:
    charge = [{"battery": value, "charging": False} for value in (30, 29, 34, 35, 30)]

    assert verdicts(Limits(min_battery_pct=30), *charge) == [
        None, "low_battery", "low_battery", None, None
    ]  # fmt: skip


def test_device_works_when_it_charges() -> None:
    readings = [{"battery": 5, "charging": False}, {"battery": 5, "charging": True}]

    assert verdicts(Limits(min_battery_pct=30), *readings) == ["low_battery", None]


def test_device_works_at_100_percent_when_that_is_the_limit() -> None:
    readings = [{"battery": 99, "charging": False}, {"battery": 100, "charging": False}]

    assert verdicts(Limits(min_battery_pct=100), *readings) == ["low_battery", None]


def test_the_hotter_one_counts_when_there_is_a_gpu() -> None:
    assert verdicts(Limits(max_temp_c=70), {"temperature_c": 40, "gpu_temperature_c": 80}) == [
        "hot"
    ]


@given(st.lists(st.fixed_dictionaries({"temperature_c": st.just(None), "battery": st.just(None)})))
def test_nothing_changes_when_nothing_can_be_read(unknown: list[dict[str, Any]]) -> None:
    limits = Limits(70, 30)

    assert verdicts(limits, *unknown) == [None] * len(unknown)
    assert verdicts(limits, {"temperature_c": 75}, *unknown)[-1] == "hot"


@given(st.lists(st.floats(0, 100)))
def test_device_always_works_when_no_limit_is_given(heat: list[float]) -> None:
    assert set(verdicts(Limits(), *({"temperature_c": value} for value in heat))) <= {None}


def judged(limits: Limits, *readings: dict[str, Any]) -> list[str | None]:
    """What a gatekeeper says whose sensors change from one look to the next."""
    coming = iter(readings)
    keeper = Gatekeeper(limits, Sensors([lambda: next(coming)]), period_s=-1)

    async def look() -> list[str | None]:
        return [await keeper.closed_by() for _ in readings]

    return finished(look())


def test_one_line_says_so_when_pulling_stops_and_when_it_resumes(
    capfd: pytest.CaptureFixture[str],
) -> None:
    heat = [{"temperature_c": value} for value in (50.0, 71.5, 70.0, 60.0, 60.0)]

    found = judged(Limits(max_temp_c=70), *heat)

    assert found == [None, "hot", "hot", None, None]
    assert capfd.readouterr().err.splitlines() == [
        "pulling_stopped reason=hot temperature_c=71.5",
        "pulling_resumed temperature_c=60",
    ]


def test_one_line_warns_when_a_limit_cannot_be_watched(capfd: pytest.CaptureFixture[str]) -> None:
    assert judged(Limits(70, 30), {"temperature_c": 20.0}, {}) == [None, None]

    assert capfd.readouterr().err.splitlines() == ["limit_not_watched unreadable=battery"]


def over_time(*looks: tuple[float, Any]) -> list[str | None]:
    """What a gatekeeper says at these seconds of these readings. An exception is raised."""
    now = [0.0]
    coming = iter(said for _, said in looks)

    def battery() -> Any:
        said = next(coming)
        if isinstance(said, Exception):
            raise said
        return said

    keeper = Gatekeeper(Limits(70), Sensors([battery]), period_s=-1, clock=lambda: now[0])

    async def look() -> list[str | None]:
        found = []
        for moment, _ in looks:
            now[0] = moment
            found.append(await keeper.closed_by())
        return found

    return finished(look())


def test_gate_closes_for_a_while_when_its_sensor_falls_silent() -> None:
    cool: dict[str, Any] = {"temperature_c": 25.0}

    found = over_time((0, cool), (20, {}), (40, {}), (599, {}), (600, {}), (900, {}), (901, cool))

    assert found == [None, None, "sensor_silent", "sensor_silent", None, None, None]


def test_gate_opens_after_a_while_when_its_sensor_fell_silent_in_the_heat() -> None:
    hot: dict[str, Any] = {"temperature_c": 80.0}

    assert over_time((0, hot), (40, {}), (599, {}), (600, {}), (601, hot)) == [
        "hot", "hot", "hot", None, "hot"
    ]  # fmt: skip


def test_gate_is_closed_at_first_when_its_sensor_never_answered() -> None:
    failing = TimeoutError()

    assert over_time((0, failing), (599, failing), (601, failing)) == [
        "sensor_silent", "sensor_silent", None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit_c", "readings", "hot"),
    [
        (60.0, {"temperature_c": 60.0}, True),
        (60.0, {"temperature_c": 59.9, "gpu_temperature_c": 61.0}, True),
        (60.0, {"temperature_c": 59.9}, False),
        (60.0, {"temperature_c": None}, False),
        (None, {"temperature_c": 99.0}, False),
    ],
)
def test_start_is_hot_when_the_gate_would_be_closed(
    limit_c: float | None, readings: dict[str, Any], hot: bool
) -> None:
    assert is_hot(readings, limit_c) is hot


def test_sensors_rest_when_no_limit_is_given() -> None:
    def must_not_be_read() -> dict[str, Any]:
        raise AssertionError

    keeper = Gatekeeper(Limits(), Sensors([must_not_be_read]))

    assert finished(keeper.closed_by()) is None
