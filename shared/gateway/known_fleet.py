"""The devices as a process of the gateway knows them: as they were within the last two seconds.

The few of a small fleet are read again by one call; whether there are new ones is looked up every
ten seconds, and before a caller is refused for want of a device.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from shared.devices import Device, Fleet

_FRESH_S: Final = 2.0
_LISTED_EVERY_S: Final = 10.0
# Two items of each, and a hundred are read by one call.
_FEW: Final = 50


@dataclass(frozen=True)
class _Known:
    """`devices` as they were at `read_at`, of those that were there at `listed_at`."""

    devices: list[Device] = field(default_factory=list)
    read_at: float = float("-inf")
    listed_at: float = float("-inf")


class KnownFleet:
    """Used on one event loop."""

    def __init__(self, fleet: Fleet, now: Callable[[], float] = monotonic) -> None:
        self._fleet, self._now = fleet, now
        self._known = _Known()

    @property
    def is_known(self) -> bool:
        """Whether `most` answers without a call of AWS."""
        return self._now() - self._known.read_at < _FRESH_S

    @property
    def lacks_none(self) -> bool:
        """Whether `all` answers without a call of AWS."""
        return self._now() - self._known.listed_at < _FRESH_S

    async def all(self) -> list[Device]:
        """Every device."""
        if not self.lacks_none:
            now = self._now()
            self._known = _Known(await asyncio.to_thread(self._fleet.all), now, now)
        return self._known.devices

    async def most(self) -> list[Device]:
        """Every device but those that were registered in the last seconds."""
        if self.is_known:
            return self._known.devices
        before, now = self._known, self._now()
        if now - before.listed_at >= _LISTED_EVERY_S or not 0 < len(before.devices) <= _FEW:
            return await self.all()
        serials = [device.serial for device in before.devices]
        devices = await asyncio.to_thread(self._fleet.some, serials)
        # Unless they were listed meanwhile.
        if self._known is before:
            self._known = replace(before, devices=devices, read_at=now)
        return devices
