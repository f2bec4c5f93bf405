"""In which order the queues are looked at, and which of them is waited on; no I/O."""

from collections.abc import Sequence
from typing import Final

from evalyard_runner.wire import Queue

NORMAL_FIRST_EVERY: Final = 4


def poll_order(queues: Sequence[Queue], round_no: int) -> list[Queue]:
    """As the server listed them (device before pool, high before normal), but every fourth round
    normal lanes lead.

    So a steady stream of high-priority work leaves a quarter of the device to the rest.
    """
    if round_no % NORMAL_FIRST_EVERY != NORMAL_FIRST_EVERY - 1:
        return list(queues)
    return sorted(queues, key=lambda queue: queue.lane != "normal")


def waiting_queue(queues: Sequence[Queue], round_no: int) -> Queue:
    """The queue that gets this idle round's long poll: each in turn.

    A short poll on AWS asks only some of SQS's servers; the turn makes sure that each queue is
    asked in full.
    """
    return queues[round_no % len(queues)]
