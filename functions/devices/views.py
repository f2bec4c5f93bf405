"""How devices look in answers."""

from collections.abc import Sequence
from typing import Any

import msgspec

from functions.devices import wiring
from shared import clock
from shared.devices import Device, Telemetry
from shared.http import Caller

_SHOWN = ("battery", "charging", "temperature_c", "thermal_state")


def device_documents(devices: Sequence[Device], user: Caller) -> list[dict[str, Any]]:
    """Devices as a user sees them: which job runs is shown to its owner and to administrators."""
    running = [device.job_id for device in devices if device.using and device.job_id]
    owners = wiring.jobs().store.owners(running) if running and not user.admin else {}
    return [
        _document(device, user.admin or owners.get(device.job_id or "") == user.user_id)
        for device in devices
    ]


def detail_document(device: Device, user: Caller) -> dict[str, Any]:
    """A device with its last reports and troubles, as a user sees it."""
    (document,) = device_documents([device], user)
    points = wiring.jobs().fleet.history(device.serial)
    telemetry = [telemetry_document(point) for point in points]
    troubles = [
        {"at": clock.iso(each.at_us), "code": each.code, "detail": each.detail}
        for each in wiring.jobs().fleet.troubles(device.serial)
    ]
    return document | {"note": device.note, "troubles": troubles, "telemetry": telemetry}


def telemetry_document(point: Telemetry) -> dict[str, Any]:
    """One report of a device."""
    fields = msgspec.structs.asdict(point)
    return {"at": clock.iso(fields.pop("at_us")), **fields}


def _document(device: Device, shows_job: bool) -> dict[str, Any]:
    seen = {} if device.telemetry is None else msgspec.structs.asdict(device.telemetry)
    return {
        "serial": device.serial,
        "name": device.name,
        "kind": device.kind,
        "owner": device.owner,
        "models": list(device.models),
        "queue_tags": list(device.queue_tags),
        "present": device.present,
        "ready": device.ready,
        "not_ready_reason": device.not_ready_reason,
        "using": device.using,
        "takes_calls": device.takes_calls,
        "calls_running": device.calls_running,
        "state": device.state,
        "unhealthy": _unhealthy_document(device),
        "runner_version": device.runner_version,
        "backend": device.backend,
        **{name: seen.get(name) for name in _SHOWN},
        "job_id": device.job_id if shows_job and device.using else None,
        "last_seen_at": clock.iso_or_none(device.last_seen_us),
    }


def _unhealthy_document(device: Device) -> dict[str, Any] | None:
    if not device.unhealthy:
        return None
    return {"since": clock.iso_or_none(device.unhealthy_us), "code": device.failing_code}
