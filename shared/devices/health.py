"""What the ends of its jobs say of a device: whether its model's server wants to be left alone, and
whether the device fails whatever it is given (decision 0047).

Kept with what the device reports, and stronger than that: a device that calls itself ready is
given nothing while it rests or is unhealthy.
"""

from dataclasses import dataclass
from typing import Any

from shared import clock
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US
from shared.devices.keys import presence_key
from shared.observability import count, logger

# No rest is shorter, or its jobs would go round and round.
_SHORTEST_REST_S = 5.0
# So many different jobs in a row are no accident.
_UNHEALTHY_AFTER = 3
# A runner tries itself after a quarter of an hour at the latest. One that never says how that went
# is given a job again after this time.
_PAUSED_S = 1_800
_RACES = 4
_SAYS_UNHEALTHY = ("unhealthy_us", "unhealthy_until_us")


@dataclass(frozen=True)
class DeviceHealth:
    """How the jobs of devices went."""

    table: Table

    def rest(self, serial: str, rest_s: float) -> None:
        """The device's server has no time: the device is given no job for so long."""
        until_us = clock.now_us() + round(max(rest_s, _SHORTEST_REST_S) * SECOND_US)
        self._update(serial, set={"rests_until_us": until_us})

    def failed(self, serial: str, job_id: str, code: str) -> None:
        """A job has failed on the device by no fault of its own; again changes nothing."""
        for _ in range(_RACES):
            before = self.table.get(*presence_key(serial)) or {}
            failing = list(before.get("failing", ()))
            if job_id in failing:
                return
            said = _with_failure(failing, job_id, code)
            if self._update(serial, set=said, only_if={"failing": failing or None}):
                _tell(serial, said)
                return

    def well(self, serial: str) -> None:
        """A job has succeeded on the device, or an administrator says that it is well."""
        self._update(serial, remove=(*_SAYS_UNHEALTHY, "failing", "failing_code", "rests_until_us"))

    def tried(self, serial: str, *, passed: bool) -> None:
        """The device has tried itself. If in vain, its pause goes on; else it is given a job, and
        is unhealthy at once when that fails too, for a token is less than a job.
        """
        item = self.table.get(*presence_key(serial)) or {}
        if "unhealthy_us" not in item:
            return
        still = {"unhealthy_us": item["unhealthy_us"]}
        if passed:
            almost = item["failing"][1 - _UNHEALTHY_AFTER :]
            self._update(serial, set={"failing": almost}, remove=_SAYS_UNHEALTHY, only_if=still)
        else:
            until_us = clock.now_us() + _PAUSED_S * SECOND_US
            self._update(serial, set={"unhealthy_until_us": until_us}, only_if=still)

    def _update(self, serial: str, **parts: Any) -> bool:
        """False where the device was retired, or a condition did not hold."""
        try:
            self.table.update(Update(*presence_key(serial), must_exist=True, **parts))
        except ConditionFailed:
            return False
        return True


def _with_failure(failing: list[str], job_id: str, code: str) -> Item:
    """What is kept of a device's failures after another one."""
    said: Item = {"failing": [*failing, job_id][-_UNHEALTHY_AFTER:], "failing_code": code}
    if len(failing) + 1 < _UNHEALTHY_AFTER:
        return said
    now_us = clock.now_us()
    return said | {"unhealthy_us": now_us, "unhealthy_until_us": now_us + _PAUSED_S * SECOND_US}


def _tell(serial: str, said: Item) -> None:
    if "unhealthy_us" in said:
        logger().warning("device_unhealthy", device=serial, code=said["failing_code"])
        count("DevicesUnhealthy", service="jobs")
