"""Batching windows of queues that call functions, which MiniStack knows and does not keep.

It hands each message over as soon as it looks, ten at most. AWS waits until the window has passed
since the first message came, or there are as many as a batch may have.
"""

import time
from typing import Any


def keep_windows(sqs: Any, services: Any) -> None:
    """Takes the place of what MiniStack receives messages for functions with."""
    receive = sqs._receive_messages_for_esm

    def receive_batch(url: str, size: int) -> list[Any]:
        window_s = _window_s(services, sqs._get_q(url)["attributes"].get("QueueArn"))
        if not window_s:
            return list(receive(url, size))
        now = time.time()
        came = [each.get("visible_at", now) for each in list(sqs._get_q(url)["messages"])]
        waiting = [at for at in came if at <= now]
        if len(waiting) < size and now - min(waiting, default=now) < window_s:
            return []
        batch: list[Any] = []
        while len(batch) < size and (more := receive(url, size - len(batch))):
            batch += more
        return batch

    sqs._receive_messages_for_esm = receive_batch


def _window_s(services: Any, arn: str | None) -> float:
    windows = (
        each.get("MaximumBatchingWindowInSeconds") or 0
        for each in services._esms.all_values()
        if each.get("EventSourceArn") == arn
    )
    return float(max(windows, default=0))
