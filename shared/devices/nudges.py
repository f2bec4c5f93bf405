"""Says to a device that holds a connection to the broker that a job is in its queue, so that it
need not look there each second (decision 0064).

The job is in the queue whatever becomes of this, and a device looks by itself every 20 s. So a
nudge never makes anything fail, nor take long: it goes out while the queue takes the message, is
waited for a moment, and after one that failed none is tried for a while.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final

import msgspec

from shared.aws import publish
from shared.devices.channel import down_topic
from shared.devices.device import Device
from shared.isolation import kept_apart

# What a request waits for a nudge at most, beyond what its queue took.
_WAITED_FOR_S: Final = 0.25
# So a broker that is away costs one wait in so many seconds.
_RESTS_S: Final = 10.0
_AT_ONCE: Final = 4


@dataclass
class Nudges:
    """`endpoint` is the broker's, "" where the deployment has none; `send` is given it, topic and
    payload.
    """

    stack: str
    endpoint: str
    send: Callable[[str, str, bytes], None] = publish
    clock: Callable[[], float] = monotonic
    _rests_until: float = 0.0
    _pool: ThreadPoolExecutor = field(
        default_factory=partial(ThreadPoolExecutor, _AT_ONCE, "nudge")
    )

    @contextmanager
    def beside(self, device: Device, lane: str, *, after_s: int = 0) -> Iterator[None]:
        """Nudge a device, if it is connected, while the block puts a message into its queue of this
        lane; a message that comes later only is looked for after so many seconds.
        """
        if not self._may_nudge(device):
            yield
            return
        message = {"v": 1, "k": "look", "lane": lane, **({"after_s": after_s} if after_s else {})}
        topic = down_topic(self.stack, device.serial)
        sent = self._pool.submit(self.send, self.endpoint, topic, msgspec.json.encode(message))
        yield
        with kept_apart(
            "nudge_not_sent", "NudgesNotSent", service="jobs", device=device.serial
        ) as (attempt):
            sent.result(_WAITED_FOR_S)
        if attempt.failed:
            self._rests_until = self.clock() + _RESTS_S

    def _may_nudge(self, device: Device) -> bool:
        return bool(self.endpoint) and device.takes_calls and self.clock() >= self._rests_until
