"""What devices keep of a user: the devices that only they may use, and whose job has a slot.

With their owner such devices go, too: they are retired, rather than left to the one who
comes next. What a device said about itself is kept under its serial, and it may say
something while it is retired; so serials stay, as `OWNER#<user_id> / GONE#<serial>`,
until its token is refused everywhere (`remains`).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.aws import ConditionFailed, Table
from shared.devices.fleet import Fleet
from shared.devices.retiring import Retirements
from shared.devices.slots import slot_freed
from shared.traces import BATCH, Place

_OWNER = "OWNER#{}"
_GONE = "GONE#"


def device_traces(table: Table, revoke: Callable[[str], object]) -> tuple[Place, ...]:
    """The owned devices, for `shared.traces`; `revoke` ends the token of a serial."""
    return (_OwnedDevices(table, revoke),)


def slot_traces(table: Table) -> tuple[Place, ...]:
    """The slots that the user's jobs have, for `shared.traces`: after the jobs themselves."""
    return (_Slots(table),)


def device_remains(table: Table) -> tuple[Place, ...]:
    """Their serials, to be removed when the devices can say nothing any more."""
    return (_Serials(table),)


@dataclass(frozen=True)
class _OwnedDevices:
    """Devices whose owner the user is."""

    table: Table
    revoke: Callable[[str], object]
    kind: str = "devices"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Serials."""
        return Fleet(self.table).owned_by(user_id)

    def remove(self, user_id: str, found: Sequence[Any], /) -> None:
        """Retire them: their queues are deleted by the upkeep of jobs."""
        for serial in found:
            self.table.put({"pk": _OWNER.format(user_id), "sk": f"{_GONE}{serial}"})
            self.revoke(serial)
            device = Fleet(self.table).find(serial)
            if device is not None:
                Retirements(self.table).begin(device)


@dataclass(frozen=True)
class _Slots:
    """Slots of devices that a job of the user has: without the job none takes one any more."""

    table: Table
    kind: str = "device_slots"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Devices."""
        return [device for device in Fleet(self.table).all() if device.holds_for == user_id]

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """Free them; upkeep finds the device its next job."""
        for device in found:
            with suppress(ConditionFailed):
                self.table.update(slot_freed(device.serial, device.holds, ran=True))


@dataclass(frozen=True)
class _Serials:
    """Serials of devices that were retired, and what they had said."""

    table: Table
    kind: str = "device_serials"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Serials."""
        items = self.table.query(_OWNER.format(user_id), prefix=_GONE, limit=BATCH)
        return [item["sk"].removeprefix(_GONE) for item in islice(items, BATCH)]

    def remove(self, user_id: str, found: Sequence[Any], /) -> None:
        """Remove what the device said, unless its serial belongs to another user by now."""
        for serial in found:
            if Fleet(self.table).find(serial) is None:
                said = self.table.query(f"DEVICE#{serial}")
                self.table.delete_many((item["pk"], item["sk"]) for item in said)
            self.table.delete(_OWNER.format(user_id), f"{_GONE}{serial}")
