"""What follows a failed attempt: whether it counts, how long the job waits, and which devices it
avoids meanwhile (decision 0047). No I/O.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.clock import SECOND_US
from shared.devices import Device
from shared.jobs.job import Failure, Job

MODEL_NOT_FOUND = "model_not_found"
DEVICE_LOST = "device_lost"
TIMEOUT = "timeout"
# What cannot be cured by trying again, whatever the device says.
_INCURABLE = frozenset({MODEL_NOT_FOUND, "model_invalid", "invalid_argument", "unsupported"})
# What says nothing about the device that failed so. A job with less time than this may be to blame.
_OF_THE_JOB = _INCURABLE | {"cancelled"}
_LONG_ENOUGH_S = 60
# The model's server has no time now (503, 502, 429): no fault of the job.
_SERVER_AWAY = frozenset({"server_unavailable", "throttled"})
# Before the second attempt, the third, and each later one.
WAITS_S = (5.0, 30.0, 120.0)
# Where it failed it is tried again when no other device has taken it for so long.
_AVOIDED_S = 120.0
# A runner that is stopped costs no attempt; runners that do nothing but stop, at last, do.
_SPARED_AT_MOST = 100


@dataclass(frozen=True)
class Retry:
    """Another attempt after so many seconds; whether the one that failed `costs` one."""

    wait_s: float
    costs: bool = True


def retry_of(
    job: Job, failure: Failure, *, reported: bool, retry_after_s: float | None
) -> Retry | None:
    """What follows the failure of the running attempt; None: the job is dead.

    `reported`: the device said so itself; a device that stops says `device_lost`.
    """
    if server_is_away(failure, retry_after_s):
        return Retry(0, costs=False)
    if failure.code == DEVICE_LOST and reported and job.spared < _SPARED_AT_MOST:
        return Retry(0, costs=False)
    if not failure.retryable or failure.code in _INCURABLE or not job.attempts_left:
        return None
    usual_s = WAITS_S[min(job.attempts_made, len(WAITS_S)) - 1]
    return Retry(usual_s if retry_after_s is None else retry_after_s)


def server_is_away(failure: Failure, retry_after_s: float | None) -> bool:
    """Whether the model's server had no time for any job; without a time to come back it is this
    job that it refuses.
    """
    return failure.code in _SERVER_AWAY and retry_after_s is not None


def tells_against_device(job: Job, failure: Failure, *, reported: bool) -> bool:
    """Whether a failure may be the device's own: what the job asked for, too little time, and a
    runner that was stopped say nothing about it.
    """
    if failure.code == DEVICE_LOST:
        return not reported
    if failure.code == TIMEOUT:
        return job.timeout_s >= _LONG_ENOUGH_S
    return failure.code not in _OF_THE_JOB


def elsewhere_first(job: Job, able: Collection[Device], retry: Retry) -> dict[str, Any]:
    """The attributes of a job whose attempt has just failed: when it may be sent again, and which
    devices it avoids for a while: where it failed, if another one of the `able` takes jobs.
    """
    if not retry.costs:
        return {"not_before_us": 0, "avoids": [], "avoids_until_us": 0}
    not_before_us = clock.now_us() + round(retry.wait_s * SECOND_US)
    avoided = _avoided(job, {each.serial for each in able if each.takes_jobs})
    until_us = not_before_us + round(_AVOIDED_S * SECOND_US)
    return {
        "not_before_us": not_before_us,
        "avoids": avoided,
        "avoids_until_us": until_us if avoided else 0,
    }


def _avoided(job: Job, takers: set[str]) -> list[str]:
    """All devices where it failed or, when those are all there are, the last."""
    begun_after = job.attempt_base - job.spared
    failed = {each.device for each in job.attempts if each.attempt > begun_after}
    some = (each for each in (failed, {job.device or ""}) if takers - each)
    return sorted(next(some, set()))
