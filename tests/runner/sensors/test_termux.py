"""A phone's battery, through a stand-in for Termux's command."""

from pathlib import Path
from time import sleep
from typing import Any

import pytest
from evalyard_runner.sensors.termux import TermuxBattery, battery_readings

ANSWER = """{
  "health": "GOOD", "percentage": 68, "plugged": "UNPLUGGED", "status": "DISCHARGING",
  "temperature": 24.600000381469727, "current": 182617
}"""


def command(tmp_path: Path, script: str) -> str:
    file = tmp_path / "termux-battery-status"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    return str(file)


def test_battery_is_read_when_termux_tells(tmp_path: Path) -> None:
    battery = TermuxBattery(command(tmp_path, f"cat <<'END'\n{ANSWER}\nEND"))

    assert battery.read() == {"battery": 68.0, "charging": False, "temperature_c": 24.6}


def test_phone_charges_when_it_is_plugged_in() -> None:
    assert battery_readings({"plugged": "PLUGGED_USB"}) == {"charging": True}


@pytest.mark.parametrize("script", ["exit 1", "echo no JSON", "echo '[]'"])
def test_nothing_is_known_when_the_command_fails(tmp_path: Path, script: str) -> None:
    assert TermuxBattery(command(tmp_path, script)).read() == {}


@pytest.mark.parametrize("said", [{}, {"percentage": "68"}, {"percentage": True, "plugged": 1}])
def test_field_is_left_out_when_it_is_no_reading(said: dict[str, Any]) -> None:
    assert battery_readings(said) == {}


@pytest.mark.exhaustive
def test_command_is_asked_again_a_minute_later_when_the_app_did_not_answer(tmp_path: Path) -> None:
    asked, now = tmp_path / "asked", [100.0]
    slow = command(tmp_path, f"echo >> {asked}; exec sleep 60")
    battery = TermuxBattery(slow, patience_s=0.5, clock=lambda: now[0])

    for later_s in (0, 59, 2):
        now[0] += later_s
        with pytest.raises(TimeoutError):
            battery.read()

    assert asked.read_text() == "\n\n"


def test_what_the_command_started_goes_with_it_when_it_does_not_answer(tmp_path: Path) -> None:
    """A child that keeps the pipe open would have the reader wait for as long as it runs."""
    child = tmp_path / "child"
    battery = TermuxBattery(
        command(tmp_path, f"sleep 30 & echo $! > {child}; wait"), patience_s=0.5
    )

    with pytest.raises(TimeoutError):
        battery.read()

    assert eventually_gone(int(child.read_text()))


def eventually_gone(pid: int) -> bool:
    """Whether a killed process has ended, or is about to be waited for."""
    state = Path(f"/proc/{pid}/stat")
    for _ in range(500):
        try:
            if state.read_text().split()[2] == "Z":
                return True
        except OSError:
            return True
        sleep(0.01)
    return False


def test_no_battery_is_found_when_this_is_not_termux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert TermuxBattery.find() is None
