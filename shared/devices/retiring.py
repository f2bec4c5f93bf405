"""Taking a device out for good: its registration goes at once, its queues once they are drained.

`RETIRED / DEVICE#<serial>` is left from the one until the other; the jobs feature
drains what it names (shared/jobs/draining.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from shared import clock
from shared.aws import Queue, Table, TransactionLost, Update
from shared.devices.device import Device
from shared.devices.fleet import FLEET
from shared.errors import Conflict, Unavailable

_RETIRED = "RETIRED"
_DEVICE = "DEVICE#"


class DeviceRetiring(Conflict):
    """The queues of an earlier device of this serial are still being emptied."""

    code = "device_retiring"


class RetiredDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is gone; `queue_urls` maps the lane to a queue that is to be deleted.

    `moves`: whether jobs that are pinned to it move to their pools instead of ending.
    """

    serial: str
    queue_urls: dict[str, str]
    moves: bool = False


@dataclass(frozen=True)
class Retirements:
    """Devices between their registration's end and their queues'."""

    table: Table

    def begin(self, device: Device, *, moves: bool = False) -> None:
        """End a device's registration; with `moves` jobs that are pinned to it go on in their
        pools. Raises Unavailable when it changed meanwhile.
        """
        writes = self.table.transaction()
        left = {"serial": device.serial, "queue_urls": device.queue_urls}
        at = {"retired_us": clock.now_us(), "moves": moves}
        writes.put({"pk": _RETIRED, "sk": f"DEVICE#{device.serial}", **left, **at})
        writes.delete(FLEET, f"DEVICE#{device.serial}")
        writes.delete(f"DEVICE#{device.serial}", "PRESENCE")
        writes.delete(f"DEVICE#{device.serial}", "TROUBLES")
        for tag in device.queue_tags:
            writes.update(Update(f"POOL#{tag}", "MEMBERS", discard={"serials": {device.serial}}))
        try:
            writes.commit()
        except TransactionLost as exc:
            raise Unavailable("the device is being changed; repeat the call") from exc

    def check_over(self, serial: str) -> None:
        """Raises DeviceRetiring while the queues of an earlier device of this serial are there."""
        if self.table.get(_RETIRED, f"DEVICE#{serial}") is not None:
            raise DeviceRetiring(
                "a device of this serial was retired a moment ago, its jobs are being let go",
                retry_after_s=60,
            )

    def serials(self, after: str = "") -> Iterator[str]:
        """Devices whose queues are still there, in order of their serials, from beyond one on."""
        beyond = f"{_DEVICE}{after}" if after else None
        for item in self.table.query(_RETIRED, prefix=_DEVICE, after=beyond):
            yield item["sk"].removeprefix(_DEVICE)

    def find(self, serial: str) -> RetiredDevice | None:
        """A device whose queues are still there, or None."""
        item = self.table.get(_RETIRED, f"{_DEVICE}{serial}")
        return None if item is None else msgspec.convert(item, RetiredDevice)

    def finish(self, device: RetiredDevice) -> None:
        """Delete the queues of a device whose jobs are all elsewhere. Repeatable."""
        for url in device.queue_urls.values():
            Queue(url).delete()
        self.forget(device.serial)

    def forget(self, serial: str) -> None:
        """Leave a device's queues as they are. Repeatable."""
        self.table.delete(_RETIRED, f"DEVICE#{serial}")
