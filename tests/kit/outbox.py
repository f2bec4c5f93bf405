"""The callbacks queue as tests see it: every message, whether its delay is over or not."""

import json
from dataclasses import dataclass
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from tests.kit.yard import Yard
from tools.template import REGION


@dataclass
class CallbackQueue:
    """Takes messages out, as SQS would hand them over when they are due."""

    yard: Yard
    clock: Any = None

    def take(self) -> list[dict[str, Any]]:
        """All messages."""
        name = self.yard.queues["CallbacksQueue"].url.rpartition("/")[2]
        queue = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[name]
        messages = list(queue._messages)
        queue._messages.clear()
        return [json.loads(message.body) for message in messages]

    def take_one(self) -> dict[str, Any]:
        """The one message that there is."""
        (message,) = self.take()
        return message

    def deliver_all(self) -> list[float]:
        """Have all messages delivered when they are due, and what follows; the gaps in seconds."""
        gaps = []
        while waiting := self.take():
            for message in sorted(waiting, key=lambda one: one["due_us"]):
                gaps.append((message["due_us"] - self.clock.now_us) / 1e6)
                self.clock.now_us = max(self.clock.now_us, message["due_us"])
                assert self.yard.deliver(message) == []
        return gaps
