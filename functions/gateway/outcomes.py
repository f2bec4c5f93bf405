"""What it means for the caller that a call did not end well."""

from shared.errors import DeviceFailed, DeviceTimedOut, EvalyardError
from shared.gateway import (
    Answered,
    ArgumentRefused,
    CallCancelled,
    NoDeviceReady,
    QueueFull,
    WaitExceeded,
)

_RETRY_AFTER_S = 5
# Whatever a device says.
_LONGEST_WAIT_S = 3_600
_REFUSALS_IN_WORDS = {
    "hot": "is too hot",
    "low_battery": "has too little battery",
    "model_not_found": "does not serve the model any more",
    "stopping": "is being stopped",
}


def error_of(answered: Answered) -> EvalyardError | None:
    """The error that says so; None for an answer, whole or cancelled while it came."""
    if answered.how == "cancelled":
        cancelled = CallCancelled("the call was cancelled before a device had said anything")
        return None if answered.run_id else cancelled
    return None if answered.ok else _failure(answered)


def _failure(answered: Answered) -> EvalyardError:
    ahead = max(answered.ahead or 0, 0)
    wait = min(max(answered.retry_after_s or _RETRY_AFTER_S, 1), _LONGEST_WAIT_S)
    match answered.how:
        case "queue_full":
            detail = "at every fitting device as many calls wait as it takes"
            return QueueFull(detail, retry_after_s=wait, ahead=ahead)
        case "wait_exceeded":
            detail = "no device had begun when `max_wait_s` was over"
            return WaitExceeded(detail, retry_after_s=wait, ahead=ahead)
        case "timeout":
            return DeviceTimedOut("the device was not done when `timeout_s` was over")
        case "refused":
            why = _REFUSALS_IN_WORDS.get(answered.code or "", "did not take the call")
            return NoDeviceReady(f"the device {why}", retry_after_s=wait)
        case "failed":
            return _failed(answered)
    return DeviceFailed("the device was not heard of any more")


def _failed(answered: Answered) -> EvalyardError:
    said = answered.message or "the device failed"
    if answered.code in ("invalid_argument", "unsupported"):
        return ArgumentRefused(said)
    if answered.code == "timeout":
        return DeviceTimedOut(said)
    return DeviceFailed(said)
