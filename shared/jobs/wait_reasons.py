"""Why a queued job still waits, as a code and a sentence, from what its devices said last."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from shared import clock
from shared.devices import Device

BACKOFF = "backoff"
NO_MATCHING_DEVICE = "no_matching_device"
NO_DEVICE_SERVES_TAG = "no_device_serves_tag"
# By how soon the device may be free: the job waits for the first of them.
_REASONS = {
    "busy": "device_busy",
    "hot": "device_hot",
    "low_battery": "low_battery",
    "unhealthy": "device_unhealthy",
    "maintenance": "paused",
    "offline": "device_offline",
}
# A device that calls itself not ready, by what it says about that.
_NOT_READY = {
    "server_unavailable": "waits until its model's server can answer",
    "model_unreachable": "does not reach its model's server",
    "sensor_silent": "waits for a sensor that its gates need",
}
_SHOWN = 3


class Why(NamedTuple):
    """Why a job waits, as a code (None where a device is free for it) and as a sentence."""

    reason: str | None
    detail: str


class Candidates:
    """The devices of some that a user's jobs may go to, looked through once for all the jobs."""

    def __init__(self, devices: Iterable[Device], user_id: str) -> None:
        mine = [device for device in devices if device.owner in (None, user_id)]
        self._are_none = not mine
        self._unknown = [device for device in mine if device.models_unknown]
        self._named: dict[str, list[Device]] = defaultdict(list)
        for device in mine:
            for model in () if device.models_unknown else set(device.models):
                self._named[model].append(device)
        self._why: dict[str, Why] = {}

    def why(self, model: str) -> Why:
        """Why a job for a model waits for them, naming those first that may be free soonest."""
        if model not in self._why:
            able = sorted(self._able(model), key=_how_soon)
            self._why[model] = Why(self._reason(able), self._detail(able, model))
        return self._why[model]

    def _able(self, model: str) -> list[Device]:
        """Those that say that they serve the model or, where none does, that say nothing."""
        named = [device for device in self._named.get(model, ()) if device.serves(model)]
        return named or [device for device in self._unknown if device.serves(model)]

    def _reason(self, able: list[Device]) -> str | None:
        if self._are_none:
            return NO_DEVICE_SERVES_TAG
        states = set(map(_state, able))
        if "available" in states:
            return None
        found = (reason for state, reason in _REASONS.items() if state in states)
        return next(found, NO_MATCHING_DEVICE)

    def _detail(self, able: list[Device], model: str) -> str:
        if self._are_none:
            return "no device that you may use serves this queue"
        if not able:
            return f"no registered device that you may use serves model {model}"
        said = [f"{device.name or device.serial} {_how(device)}" for device in able[:_SHOWN]]
        more = len(able) - _SHOWN
        return "; ".join([*said, f"{more} more"] if more > 0 else said)


def _state(device: Device) -> str:
    return "busy" if device.holds else device.state


def _how_soon(device: Device) -> tuple[int, str]:
    order = ("available", *_REASONS)
    return order.index(_state(device)), device.serial


def _how(device: Device) -> str:
    """How a device is, after its name."""
    state, seen = _state(device), device.telemetry
    if state == "busy" and device.resting:
        rest_us = device.rests_until_us - clock.now_us()
        return f"leaves its model's server alone for {_span(rest_us // clock.SECOND_US + 1)}"
    if state == "offline":
        if device.last_seen_us is None:
            return "has never been heard of"
        return f"offline for {_span((clock.now_us() - device.last_seen_us) // clock.SECOND_US)}"
    if state == "hot" and seen is not None and seen.temperature_c is not None:
        return f"hot ({seen.temperature_c:g} °C)"
    if state == "low_battery" and seen is not None and seen.battery is not None:
        return f"low on battery ({seen.battery:g} %)"
    if state == "unhealthy":
        return "unhealthy after several failed jobs in a row"
    if state == "busy" and not device.holds and device.not_ready_reason in _NOT_READY:
        return _NOT_READY[device.not_ready_reason]
    words = {"available": "is free", "low_battery": "low on battery"}
    return words.get(state, "in maintenance" if state == "maintenance" else state)


def _span(seconds: int) -> str:
    """A length of time in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
