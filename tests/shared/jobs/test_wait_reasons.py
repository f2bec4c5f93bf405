"""Why a job waits, as its devices explain it."""

import pytest

from shared import clock
from shared.devices import Device, Telemetry
from shared.jobs.wait_reasons import Candidates
from tests.conftest import HeldClock


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
    made = Device(**({"serial": state} | said | fields))
    assert made.state == state
    return made


def reason(*devices: Device) -> str | None:
    """Why ada's job for model m waits."""
    return Candidates(devices, "ada").why("m").reason


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


def test_devices_are_named_with_how_they_are_the_soonest_first(held_clock: HeldClock) -> None:
    three_minutes_ago = clock.now_us() - 190 * clock.SECOND_US
    devices = [
        device("offline", serial="pixel-7", last_seen_us=three_minutes_ago),
        device("offline", serial="new"),
        device("hot", name="S25"),
        device("busy", serial="b"),
        device("low_battery", serial="elsewhere", owner="eve"),
    ]

    assert (
        Candidates(devices, "ada").why("m").detail
        == "b busy; S25 hot; new has never been heard of; 1 more"
    )
    assert Candidates(devices[:1], "ada").why("m").detail == "pixel-7 offline for 3 min"
    assert Candidates([], "ada").why("m").detail == "no device that you may use serves this queue"


def test_sentence_says_when_no_device_has_the_model(held_clock: HeldClock) -> None:
    other = device("available", reported_models=("x",))

    said = Candidates([other], "ada").why("m").detail

    assert said == "no registered device that you may use serves model m"


def test_sentence_has_the_reading_that_keeps_a_device_away(held_clock: HeldClock) -> None:
    hot = Telemetry(at_us=0, temperature_c=91.5)
    low = Telemetry(at_us=0, battery=5)

    said = [
        Candidates([device(state, telemetry=seen)], "ada").why("m").detail
        for state, seen in (("hot", hot), ("low_battery", low))
    ]

    assert said == ["hot hot (91.5 °C)", "low_battery low on battery (5 %)"]


def test_device_is_named_with_what_it_waits_for_when_it_is_not_ready() -> None:
    resting = Device(
        serial="pixel-7", last_seen_us=clock.now_us(), reported_reason="server_unavailable"
    )

    said = Candidates([resting], "ada").why("m").detail

    assert said == "pixel-7 waits until its model's server can answer"


def test_each_model_waits_for_its_own_devices_when_jobs_of_several_are_asked_about() -> None:
    candidates = Candidates(
        [
            device("busy", serial="a", registered_models=("m", "n")),
            device("hot", serial="b", registered_models=("n",)),
            device("offline", serial="c", registered_models=("o",), owner="eve"),
        ],
        "ada",
    )

    found = [candidates.why(model) for model in ("m", "n", "o", "m")]

    assert [why.reason for why in found] == [
        "device_busy",
        "device_busy",
        "no_matching_device",
        "device_busy",
    ]
    assert found[1].detail.startswith("a busy; b hot")
    assert found[0] == found[3]
