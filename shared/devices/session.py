"""Short-lived credentials for exactly one device's queues."""

import re
from dataclasses import dataclass
from typing import Any

from shared.aws import Credentials, assume_role
from shared.devices.channel import Channel, ChannelTerms
from shared.devices.device import Device
from shared.devices.queues import LANES, queue_arn

# A user is promised that a cancelled job stops within 15 s.
HEARTBEAT_S = 12
# A function's own role assumes the device role: AWS caps such chains at one hour.
SESSION_S = 3_600
_ACTIONS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
_UNFIT_FOR_A_SESSION = re.compile(r"[^A-Za-z0-9_=,.@-]")


@dataclass(frozen=True)
class SessionTerms:
    """What sessions are made of: the role, and where queues lie.

    `neighbour_arn` is the ARN of any queue of the deployment; the others have the same
    account and region. `iot_endpoint` is the broker's, "" where there is none.
    """

    role_arn: str
    neighbour_arn: str
    stack: str = ""
    iot_endpoint: str = ""

    @property
    def region(self) -> str:
        """The region of the queues."""
        return self.neighbour_arn.split(":")[3]

    @property
    def channel(self) -> ChannelTerms:
        """How devices are reached at once."""
        arn, partition, _, region, account, *_ = self.neighbour_arn.split(":")
        prefix = ":".join((arn, partition, "iot", region, account))
        return ChannelTerms(self.stack, self.iot_endpoint, region, prefix)


@dataclass(frozen=True)
class DeviceSession:
    """Credentials and the queues they open: `(url, lane)` in the order to look into them; and where
    calls come, if the deployment takes any.
    """

    credentials: Credentials
    queues: tuple[tuple[str, str], ...]
    channel: Channel | None = None


def open_session(device: Device, terms: SessionTerms) -> DeviceSession:
    """Credentials that can receive, delete and extend on the device's queues, and speak on its own
    topics; nothing else.
    """
    queues = queues_of(device)
    policy = session_policy([url for url, _ in queues], terms.neighbour_arn)
    policy["Statement"] += terms.channel.statements(device.serial)
    credentials = assume_role(
        terms.role_arn,
        f"device-{_UNFIT_FOR_A_SESSION.sub('-', device.serial)}"[:64],
        policy,
        SESSION_S,
    )
    return DeviceSession(credentials, queues, terms.channel.channel(device.serial, credentials))


def queues_of(device: Device) -> tuple[tuple[str, str], ...]:
    """The device's own queues, high before normal."""
    return tuple((device.queue_urls[lane], lane) for lane in LANES)


def session_policy(urls: list[str], neighbour_arn: str) -> dict[str, Any]:
    """The policy that narrows the device role to these queues."""
    arns = [queue_arn(neighbour_arn, url.rpartition("/")[2]) for url in urls]
    statement = {"Effect": "Allow", "Action": _ACTIONS, "Resource": arns}
    return {"Version": "2012-10-17", "Statement": [statement]}
