"""Devices as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalyard.aio.pages import AsyncPages
from evalyard.core import places, questions
from evalyard.models import Device, DeviceDetail

if TYPE_CHECKING:
    from evalyard.aio.deployment import AsyncEvalyard


class AsyncDevices:
    """Devices as they are now."""

    def __init__(self, api: AsyncEvalyard) -> None:
        self._api = api

    def list(self, **filters: object) -> AsyncPages[Device]:
        """Devices: `present`, `ready`, `using`, `state`, `model`, `queue_tag`.

        >>> [device.serial async for device in ev.devices.list(state="available", model="m")]
        ['dev-1']
        """
        params = questions.parameters(filters, None)
        return AsyncPages(self._api, "/devices", params, Device)

    async def get(self, serial: str) -> DeviceDetail:
        """A device with its last readings and troubles.

        >>> device = await ev.devices.get("dev-1")
        >>> device.state, device.troubles
        ('available', [])
        """
        return await self._api.walk(places.device(serial, self._api.patience))
