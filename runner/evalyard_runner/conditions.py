"""Under what a job or a call ran, as far as the runner knows: the `conditions` of a result; no I/O
but the host's own facts.

The names are those of docs/runs.md. What is not known is not there: nothing is guessed.
"""

import platform
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from evalyard_runner.measure import Sample

Condition: TypeAlias = str | int | float | bool

_LONGEST: Final = 128


def conditions_of(
    runtime: Mapping[str, Any],
    before: Mapping[str, Any],
    samples: Sequence[Sample],
    *,
    is_local: bool,
    warm: bool | None,
) -> dict[str, Condition]:
    """`runtime` is what the backend says of itself, `before` what the sensors read before the
    first run. `is_local`: the model runs on this device; else its system is not known.
    `warm`: something ran on the loaded model before the first measured run; None is not known.
    """
    known = {
        **runtime,
        **_start_of(before),
        "cached_tokens": samples[0].cached_tokens,
        "warm": warm,
        **(_system() if is_local else {}),
    }
    return {name: value for name, value in known.items() if _is_known(value)}


def _start_of(before: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start_temperature_c": before.get("temperature_c"),
        "charging": before.get("charging"),
        "battery_pct": before.get("battery"),
        "thermal_state": before.get("thermal_state"),
        "power_mode": before.get("power_mode"),
    }


def _system() -> dict[str, str]:
    """The operating system, as Python sees it."""
    return {"os": platform.system().lower(), "os_version": platform.release()}


def _is_known(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST
    return isinstance(value, bool | int | float)
