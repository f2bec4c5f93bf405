"""The queues of devices: two each, made when a device is registered."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.aws import create_queue

LANES = ("high", "normal")
# How long a message stays with a device that says nothing; heartbeats extend it.
VISIBILITY_S = 60
# Above the most attempts that a job may have: also refused claims are receives.
MAX_RECEIVES = 20
HIGH_FROM_PRIORITY = 5

# A message waits for its device as long as SQS allows; maintenance sends it again in time.
RETENTION_S = 14 * 86_400
_UNFIT_FOR_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_SLUG_LENGTH = 24


def lane_of(priority: int) -> str:
    """The lane that a priority rides on."""
    return "high" if priority >= HIGH_FROM_PRIORITY else "normal"


@dataclass(frozen=True)
class DeviceQueues:
    """Makes a device's own queues. `dead_jobs_arn` is where both redrive to."""

    name_prefix: str
    dead_jobs_arn: str
    require_tls: bool

    def make(self, serial: str) -> dict[str, str]:
        """URL by lane of the device's queues, which are there afterwards. Repeatable."""
        names = {lane: device_queue_name(self.name_prefix, serial, lane) for lane in LANES}
        return {lane: self._make(name) for lane, name in names.items()}

    def _make(self, name: str) -> str:
        redrive = {"deadLetterTargetArn": self.dead_jobs_arn, "maxReceiveCount": MAX_RECEIVES}
        attributes = {
            "RedrivePolicy": msgspec.json.encode(redrive).decode(),
            "VisibilityTimeout": str(VISIBILITY_S),
            "MessageRetentionPeriod": str(RETENTION_S),
            "SqsManagedSseEnabled": "true",
        }
        if self.require_tls:
            policy = _tls_only(queue_arn(self.dead_jobs_arn, name))
            attributes["Policy"] = msgspec.json.encode(policy).decode()
        return create_queue(name, attributes).url


def device_queue_name(prefix: str, serial: str, lane: str) -> str:
    """A name for people with a digest that keeps serials apart which look alike in it."""
    slug = _UNFIT_FOR_A_NAME.sub("-", serial)[:_SLUG_LENGTH]
    digest = hashlib.sha256(serial.encode()).hexdigest()[:10]
    return f"{prefix}{slug}-{digest}-{lane}"


def queue_arn(neighbour_arn: str, queue_name: str) -> str:
    """The ARN of a queue in the same account and region as another one."""
    return f"{neighbour_arn.rpartition(':')[0]}:{queue_name}"


def _tls_only(arn: str) -> dict[str, Any]:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Resource": arn,
        "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
