"""Devices: which there are, what they said last, their queues, and credentials for those.

Knows nothing of jobs; whoever does decides which device may run what.
"""

from shared.devices.device import Device, Telemetry
from shared.devices.errors import DeviceNotFound
from shared.devices.fleet import Fleet, Registration
from shared.devices.queues import DeviceQueues, PoolQueues, lane_of
from shared.devices.session import DeviceSession, SessionTerms, open_session

__all__ = [
    "Device",
    "DeviceNotFound",
    "DeviceQueues",
    "DeviceSession",
    "Fleet",
    "PoolQueues",
    "Registration",
    "SessionTerms",
    "Telemetry",
    "lane_of",
    "open_session",
]
