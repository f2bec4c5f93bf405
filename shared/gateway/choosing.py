"""Which devices may answer a call, the best first; no I/O."""

from collections.abc import Sequence
from typing import Final

from shared.devices import Device, DeviceNotFound
from shared.gateway.errors import ModelNotFound, NoDeviceReady

_RETRY_AFTER_S: Final = 10


def candidates(
    devices: Sequence[Device], model: str, pinned: str | None, *, shunned: frozenset[str]
) -> list[str]:
    """Serials of the devices that can take the call now: those that do nothing first, those that
    were `shunned` (they did not answer lately) last. `devices` are those that the caller sees.

    Raises DeviceNotFound, ModelNotFound, NoDeviceReady.
    """
    if pinned is not None:
        devices = [each for each in devices if each.serial == pinned]
        if not devices:
            raise DeviceNotFound(f"there is no device {pinned!r}")
    known = _serving(devices, model)
    able = [each for each in known if each.takes_calls]
    if not able:
        raise NoDeviceReady(_reasons(known), retry_after_s=_RETRY_AFTER_S)
    able.sort(key=lambda each: (each.serial in shunned, each.using, each.serial))
    return [each.serial for each in able]


def serving(devices: Sequence[Device], model: str) -> list[str]:
    """Serials of the devices that serve a model, in whatever state. Raises ModelNotFound."""
    return [each.serial for each in _serving(devices, model)]


def _serving(devices: Sequence[Device], model: str) -> list[Device]:
    found = [each for each in devices if each.serves(model)]
    if not found:
        raise _unknown(model, devices)
    return found


def answerable(devices: Sequence[Device]) -> list[str]:
    """The models that a call can have an answer from now, by name."""
    return sorted({model for each in devices if each.takes_calls for model in each.models})


def _unknown(model: str, devices: Sequence[Device]) -> ModelNotFound:
    served = sorted({name for each in devices for name in each.models})[:100]
    return ModelNotFound(f"no device of yours serves {model[:100]!r}", allowed=tuple(served))


def _reasons(serving: Sequence[Device]) -> str:
    said = [f"{each.serial} {_reason(each)}" for each in serving[:5]]
    more = f", and {len(serving) - 5} more" if len(serving) > 5 else ""
    return f"no device can take the call: {', '.join(said)}{more}"


def _reason(device: Device) -> str:
    if device.takes_jobs:
        return "is not connected for calls"
    return f"is {device.state}" if device.state != "busy" else "is not ready"
