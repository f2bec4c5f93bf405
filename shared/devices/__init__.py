"""Devices: which there are, what they said last, their queues, and credentials for those.

Knows nothing of jobs; the jobs feature decides which device may run what.
"""

from shared.devices.channel import Channel, device_hash, down_topic, heard_topics, left_device
from shared.devices.device import (
    Device,
    DeviceInUse,
    DeviceTrouble,
    Telemetry,
    is_hot_reading,
)
from shared.devices.fleet import (
    Change,
    DeviceNotFound,
    Fleet,
    Registration,
    heard_of,
    visible,
    with_presence,
)
from shared.devices.nudges import Nudges
from shared.devices.queues import (
    LANES,
    MAX_RECEIVES,
    RETENTION_S,
    VISIBILITY_S,
    DeviceQueues,
    lane_of,
)
from shared.devices.retiring import DeviceRetiring, RetiredDevice, Retirements
from shared.devices.running import note_claimed, note_going_on
from shared.devices.session import HEARTBEAT_S, DeviceSession, SessionTerms, open_session
from shared.devices.slots import slot_freed, slot_taken
from shared.devices.traces import device_remains, device_traces, slot_traces

__all__ = [
    "HEARTBEAT_S",
    "LANES",
    "MAX_RECEIVES",
    "RETENTION_S",
    "VISIBILITY_S",
    "Change",
    "Channel",
    "Device",
    "DeviceInUse",
    "DeviceNotFound",
    "DeviceQueues",
    "DeviceRetiring",
    "DeviceSession",
    "DeviceTrouble",
    "Fleet",
    "Nudges",
    "Registration",
    "RetiredDevice",
    "Retirements",
    "SessionTerms",
    "Telemetry",
    "device_hash",
    "device_remains",
    "device_traces",
    "down_topic",
    "heard_of",
    "heard_topics",
    "is_hot_reading",
    "lane_of",
    "left_device",
    "note_claimed",
    "note_going_on",
    "open_session",
    "slot_freed",
    "slot_taken",
    "slot_traces",
    "visible",
    "with_presence",
]
