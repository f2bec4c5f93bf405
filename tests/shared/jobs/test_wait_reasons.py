"""Why a job waits, as its devices explain it."""

import pytest

from shared import clock
from shared.devices import Device, Telemetry
from shared.jobs.wait_reasons import waiting_reason


def device(state: str, **fields) -> Device:
    """A device in a state."""
    said = {
        "last_seen_us": None if state == "offline" else clock.now_us(),
        "reported_ready": True,
        "reported_using": state == "busy",
        "maintenance": state == "maintenance",
        "telemetry": Telemetry(
            at_us=0,
            thermal_state="critical" if state == "hot" else None,
            battery=5 if state == "low_battery" else None,
        ),
    }
    made = Device(serial=state, **(said | fields))
    assert made.state == state
    return made


def reason(*devices: Device, in_window: bool = True) -> str | None:
    """Why ada's job for model m waits."""
    return waiting_reason(devices, "ada", "m", in_window=in_window)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "no_device_serves_tag"),
        (["available"], None),
        (["available", "busy", "hot", "offline"], None),
        (["busy", "hot", "offline"], "device_busy"),
        (["hot", "low_battery", "offline"], "device_hot"),
        (["low_battery", "offline"], "low_battery"),
        (["offline"], "device_offline"),
        (["maintenance"], "paused"),
        (["maintenance", "offline"], "paused"),
    ],
)
def test_the_soonest_device_is_the_reason_when_none_is_free(states, said) -> None:
    assert reason(*map(device, states)) == said


@pytest.mark.parametrize(
    ("state", "said"),
    [("available", "user_window"), ("busy", "user_window"), ("offline", "device_offline")],
)
def test_own_jobs_are_the_reason_when_they_go_first_and_somebody_works(state, said) -> None:
    assert reason(device(state), in_window=False) == said


def test_only_devices_of_the_model_count_when_there_are_any() -> None:
    free_for_others = device("available", registered_models=("other",))

    assert reason(free_for_others, device("busy", registered_models=("m",))) == "device_busy"
    assert reason(free_for_others) is None


def test_devices_of_others_do_not_count_when_they_have_an_owner() -> None:
    assert reason(device("available", owner="eve")) == "no_device_serves_tag"
    assert reason(device("available", owner="ada")) is None
