"""Devices: which there are, what they said last, their queues, and credentials for those.

Knows nothing of jobs; whoever does decides which device may run what.
"""

from shared.devices.device import Device, Telemetry
from shared.devices.errors import DeviceNotFound
from shared.devices.fleet import Fleet, Registration, visible
from shared.devices.queues import VISIBILITY_S, DeviceQueues, PoolQueues, lane_of
from shared.devices.session import HEARTBEAT_S, DeviceSession, SessionTerms, open_session

__all__ = [
    "HEARTBEAT_S",
    "VISIBILITY_S",
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
    "visible",
]
