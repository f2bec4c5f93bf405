"""Devices as they are now.

Written by `make openapi` from `evalyard.aio`; edits are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalyard.client.pages import Pages
from evalyard.core import places, questions
from evalyard.models import Device, DeviceDetail

if TYPE_CHECKING:
    from evalyard.client.deployment import Evalyard


class Devices:
    """Devices as they are now."""

    def __init__(self, api: Evalyard) -> None:
        self._api = api

    def list(self, **filters: object) -> Pages[Device]:
        """Devices: `present`, `ready`, `using`, `state`, `model`, `queue_tag`.

        >>> [device.serial for device in ev.devices.list(state="available", model="m")]
        ['dev-1']
        """
        params = questions.parameters(filters, None)
        return Pages(self._api, "/devices", params, Device)

    def get(self, serial: str) -> DeviceDetail:
        """A device with its last readings and troubles.

        >>> device = ev.devices.get("dev-1")
        >>> device.state, device.troubles
        ('available', [])
        """
        return self._api.walk(places.device(serial, self._api.patience))
