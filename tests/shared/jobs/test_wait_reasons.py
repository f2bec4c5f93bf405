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


def reason(*devices: Device) -> str | None:
    """Why ada's job for model m waits."""
    return waiting_reason(devices, "ada", "m")


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


def test_a_device_is_busy_when_a_job_was_sent_to_it() -> None:
    assert reason(device("available", holds="job_1")) == "device_busy"


def test_only_devices_of_the_model_count_when_there_are_any() -> None:
    free_for_others = device("available", registered_models=("other",))

    assert reason(free_for_others, device("busy", registered_models=("m",))) == "device_busy"
    assert reason(free_for_others) == "no_matching_device"


def test_a_device_that_names_no_models_counts_when_no_other_is_known_to_serve_it() -> None:
    silent = device("available")

    assert reason(silent) is None
    assert reason(silent, device("busy", registered_models=("m",))) == "device_busy"
    assert reason(device("available", reported_models=())) == "no_matching_device"


def test_devices_of_others_do_not_count_when_they_have_an_owner() -> None:
    assert reason(device("available", owner="eve")) == "no_device_serves_tag"
    assert reason(device("available", owner="ada")) is None
