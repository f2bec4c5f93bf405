"""How a device is reached at once: its topics on the broker, and what its credentials allow there.

`<stack>/d/<device>/down` is what it hears on, `<stack>/d/<device>/up/<gateway>` where it answers
one of the gateway's processes. A device is called by a digest of its serial there, because not
every character of a serial may stand in a topic.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.aws import ADDRESS_VALID_S, Credentials, broker_address
from shared.clock import SECOND_US, now_us

# A device connects by one while it still has the other, so that it is reached meanwhile.
_CLIENTS = "ab"
# Where the broker says who left it, and why.
_LEFT = "$aws/events/presence/disconnected/"
_ON_PURPOSE = frozenset(
    {"CLIENT_INITIATED_DISCONNECT", "DUPLICATE_CLIENTID", "DUPLICATE_CLIENT_ID"}
)


@dataclass(frozen=True)
class Channel:
    """A signed address, good for one connection soon, and what to connect and speak as."""

    url: str
    host: str
    client_ids: tuple[str, ...]
    down: str
    up: str
    expires_at_us: int


@dataclass(frozen=True)
class ChannelTerms:
    """The broker's endpoint ("" where the deployment has none), and how ARNs of it begin."""

    stack: str
    endpoint: str
    region: str
    arn_prefix: str

    def statements(self, serial: str) -> list[dict[str, Any]]:
        """What narrows a device's credentials to its own topics."""
        if not self.endpoint:
            return []
        device = f"{self.stack}/d/{device_hash(serial)}"
        client = f"{self.stack}-d-{device_hash(serial)}-?"
        return [
            self._allow("Connect", f"client/{client}"),
            self._allow("Subscribe", f"topicfilter/{device}/down"),
            self._allow("Receive", f"topic/{device}/down"),
            self._allow("Publish", f"topic/{device}/up/*"),
        ]

    def channel(self, serial: str, credentials: Credentials) -> Channel | None:
        """Where a device with these credentials connects."""
        if not self.endpoint:
            return None
        device = device_hash(serial)
        return Channel(
            url=broker_address(self.endpoint, self.region, credentials),
            host=self.endpoint,
            client_ids=tuple(f"{self.stack}-d-{device}-{each}" for each in _CLIENTS),
            down=down_topic(self.stack, serial),
            up=f"{self.stack}/d/{device}/up/",
            expires_at_us=now_us() + ADDRESS_VALID_S * SECOND_US,
        )

    def _allow(self, action: str, resource: str) -> dict[str, Any]:
        arn = f"{self.arn_prefix}:{resource}"
        return {"Effect": "Allow", "Action": f"iot:{action}", "Resource": arn}


def device_hash(serial: str) -> str:
    """How a device is called in topics and client ids."""
    return hashlib.sha256(serial.encode()).hexdigest()[:16]


def down_topic(stack: str, serial: str) -> str:
    """Where a device hears."""
    return f"{stack}/d/{device_hash(serial)}/down"


def heard_topics(stack: str, reply: str) -> list[str]:
    """What a process of the gateway hears on: the answers to it, of whichever device, and that
    clients of the broker left it, of which its role lets it hear of devices only.
    """
    return [f"{stack}/d/+/up/{reply}", f"{_LEFT}+"]


def left_device(stack: str, topic: str, payload: bytes) -> str | None:
    """The hash of the device that the broker says has left it, unasked; None for anything else, as
    for a device that said goodbye, or took its own place under another name
    (https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html).
    """
    ours = f"{_LEFT}{stack}-d-"
    device, _, name = topic.removeprefix(ours).rpartition("-")
    if not topic.startswith(ours) or name not in tuple(_CLIENTS):
        return None
    try:
        event = msgspec.json.decode(payload, type=_Left)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return device if event.reason not in _ON_PURPOSE else None


class _Left(msgspec.Struct, frozen=True):
    """Of the broker's event what is read here."""

    reason: str | None = msgspec.field(name="disconnectReason", default=None)
