"""Why a queued job still waits, from what its devices said last. No I/O."""

from collections.abc import Collection

from shared.devices import Device

USER_WINDOW = "user_window"
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


def waiting_reason(
    candidates: Collection[Device], user_id: str, model: str, *, in_window: bool
) -> str | None:
    """Why a job waits that any of the candidates may run; None where one is free to take it.

    `in_window`: a message of the job may be in the queue. While none could take it, the
    devices are the reason; else the user's own jobs before it, then busy devices.
    """
    mine = [device for device in candidates if device.owner in (None, user_id)]
    if not mine:
        return NO_DEVICE_SERVES_TAG
    # When no device serves the model, one of them takes the job and says so.
    states = {device.state for device in mine if device.serves(model)} or {
        device.state for device in mine
    }
    if states & {"available", "busy"} and not in_window:
        return USER_WINDOW
    if "available" in states:
        return None
    return next(reason for state, reason in _REASONS.items() if state in states)
