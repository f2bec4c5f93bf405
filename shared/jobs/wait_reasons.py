"""Why a queued job still waits, from what its devices said last. No I/O."""

from collections.abc import Collection

from shared.devices import Device

BACKOFF = "backoff"
NO_MATCHING_DEVICE = "no_matching_device"
NO_DEVICE_SERVES_TAG = "no_device_serves_tag"
# By how soon the device may be free: the job waits for the first of them.
_REASONS = {
    "busy": "device_busy",
    "hot": "device_hot",
    "low_battery": "low_battery",
    "maintenance": "paused",
    "offline": "device_offline",
}


def waiting_reason(candidates: Collection[Device], user_id: str, model: str) -> str | None:
    """Why a job waits that any of the candidates may run; None where one is free for it."""
    mine = [device for device in candidates if device.owner in (None, user_id)]
    if not mine:
        return NO_DEVICE_SERVES_TAG
    able = [device for device in mine if device.serves(model)]
    sure = [device for device in able if not device.models_unknown]
    states = {"busy" if device.holds else device.state for device in sure or able}
    if "available" in states:
        return None
    found = (reason for state, reason in _REASONS.items() if state in states)
    return next(found, NO_MATCHING_DEVICE)
