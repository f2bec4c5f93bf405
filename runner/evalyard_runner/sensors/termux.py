"""An Android phone's battery through Termux:API, the only app that the system shows it to.

https://wiki.termux.com/wiki/Termux-battery-status
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

_COMMAND: Final = "termux-battery-status"
# Without the Termux:API app the command waits for ever.
_PATIENCE_S: Final = 5.0
_REST_S: Final = 60.0


class TermuxBattery:
    """Reads `battery`, `charging`, and the battery's temperature as `temperature_c`."""

    def __init__(
        self,
        command: str,
        patience_s: float = _PATIENCE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._command, self._patience_s, self._clock = command, patience_s, clock
        self._rests_until = 0.0

    @classmethod
    def find(cls) -> "TermuxBattery | None":
        """None off Termux, or without its `termux-api` package."""
        command = shutil.which(_COMMAND)
        return None if command is None else cls(command)

    def read(self) -> dict[str, Any]:
        """Empty when nothing is known; an app that does not answer is asked again a minute later.

        Raises TimeoutError then, which the log names.
        """
        if self._clock() < self._rests_until:
            raise TimeoutError
        try:
            return battery_readings(json.loads(self._asked()))
        except subprocess.TimeoutExpired as exc:
            self._rests_until = self._clock() + _REST_S
            raise TimeoutError from exc
        except (OSError, ValueError, subprocess.SubprocessError):
            return {}

    def _asked(self) -> bytes:
        """What the command prints. It is a script: what it started keeps the pipe open after it
        was killed, and goes with it.
        """
        with subprocess.Popen(  # noqa: S603 - the command was found on the user's own PATH
            [self._command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as command:  # fmt: skip
            try:
                said, _ = command.communicate(timeout=self._patience_s)
            except subprocess.TimeoutExpired:
                os.killpg(command.pid, signal.SIGKILL)
                raise
        if command.returncode:
            raise subprocess.CalledProcessError(command.returncode, self._command)
        return said


def battery_readings(said: Any) -> dict[str, Any]:
    """What the command's answer says, in our names."""
    if not isinstance(said, dict):
        return {}
    found = {
        "battery": _number(said.get("percentage")),
        "charging": _plugged(said.get("plugged")),
        "temperature_c": _number(said.get("temperature")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _plugged(said: Any) -> bool | None:
    return said != "UNPLUGGED" if isinstance(said, str) else None


def _number(said: Any) -> float | None:
    known = isinstance(said, int | float) and not isinstance(said, bool)
    return round(float(said), 1) if known else None
