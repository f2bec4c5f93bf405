"""The LLM gateway: calls that devices answer while they write, each of them one run.

Knows nothing of HTTP; how a call came and how it is answered is its callers' business.
"""

from shared.gateway.ask import Answered, ApiCaller, Ask
from shared.gateway.calls import Calls, ListenerGone
from shared.gateway.errors import (
    ArgumentRefused,
    CallCancelled,
    ModelNotFound,
    NoDeviceReady,
    ParallelLimit,
    QueueFull,
    WaitExceeded,
)
from shared.gateway.known_fleet import KnownFleet
from shared.gateway.messages import Up
from shared.gateway.phases import Phases
from shared.gateway.seats import Seats
from shared.gateway.upkeep import GatewayUpkeep

__all__ = [
    "Answered",
    "ApiCaller",
    "ArgumentRefused",
    "Ask",
    "CallCancelled",
    "Calls",
    "GatewayUpkeep",
    "KnownFleet",
    "ListenerGone",
    "ModelNotFound",
    "NoDeviceReady",
    "ParallelLimit",
    "Phases",
    "QueueFull",
    "Seats",
    "Up",
    "WaitExceeded",
]
