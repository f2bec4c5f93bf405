"""A simulated device that pulls by itself, as an idle runner does, and notes when it had what."""

import threading
import time
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

from tests.kit.device import SimulatedDevice

# A runner's `--poll-wait`.
_POLL_WAIT_S = 1


class Taken(NamedTuple):
    """When a device had a job's message, and when the job."""

    job_id: str
    received_s: float
    claimed_s: float


@dataclass
class IdleDevice:
    """A device that pulls in a thread of its own, and notes what it took."""

    device: SimulatedDevice
    taken: SimpleQueue[Taken] = field(default_factory=SimpleQueue)
    stopped: threading.Event = field(default_factory=threading.Event)

    def pull(self) -> None:
        """Pull until stopped."""
        rounds = 0
        while not self.stopped.is_set():
            turn = self.device.queues[rounds % len(self.device.queues)]
            received = self.device.receive() or self.device.receive([turn], _POLL_WAIT_S)
            rounds += 1
            if received is not None:
                self._run(*received)

    def _run(self, job_id: str, handle: dict[str, str]) -> None:
        received_s = time.perf_counter()
        claimed = self.device.claim(job_id).raise_for_status()
        self.taken.put(Taken(job_id, received_s, time.perf_counter()))
        self.device.complete(job_id, claimed.json()["attempt"]).raise_for_status()
        self.device.sqs.delete_message(**handle)
