"""Says to a device that holds a connection to the broker that a job is in its queue, so that it
need not look there each second (decision 0064).

The job is in the queue whatever becomes of this, and a device looks by itself every 20 s. So a
nudge never makes anything fail, nor take long: it goes out while the queue takes the message, and
is waited for a moment, without which Lambda might freeze it. After one that failed none is tried
for a while, and after one that took longer none is waited for.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
# So a broker that is away or slow costs one wait in so many seconds.
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
    _unwaited_until: float = 0.0
    _pool: ThreadPoolExecutor = field(
        default_factory=partial(ThreadPoolExecutor, _AT_ONCE, "nudge")
    )

    @contextmanager
    def during(self, device: Device, lane: str, *, after_s: int = 0) -> Iterator[None]:
        """Nudge a device, if it is connected, while the block puts a message into its queue of this
        lane; a message that comes later only is looked for after so many seconds.
        """
        if not self._may_nudge(device):
            yield
            return
        message = {"v": 1, "k": "look", "lane": lane, **({"after_s": after_s} if after_s else {})}
        sent = self._pool.submit(self._nudge, device.serial, msgspec.json.encode(message))
        yield
        self._wait_for(sent)

    def _may_nudge(self, device: Device) -> bool:
        return bool(self.endpoint) and device.takes_calls and self.clock() >= self._rests_until

    def _nudge(self, serial: str, message: bytes) -> None:
        apart = kept_apart("nudge_not_sent", "NudgesNotSent", service="jobs", device=serial)
        with apart as attempt:
            self.send(self.endpoint, down_topic(self.stack, serial), message)
        if attempt.failed:
            self._rests_until = self.clock() + _RESTS_S

    def _wait_for(self, sent: Future[None]) -> None:
        if self.clock() < self._unwaited_until:
            return
        try:
            sent.result(_WAITED_FOR_S)
        except TimeoutError:
            self._unwaited_until = self.clock() + _RESTS_S
