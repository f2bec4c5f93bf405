"""The way in: the end of a job becomes a callback that is kept, then a message that delivers it."""

from dataclasses import dataclass
from typing import Any

import msgspec

from shared import clock, ids
from shared.aws import Queue
from shared.callbacks.records import Callback, CallbackRecords


@dataclass(frozen=True)
class JobEnd:
    """What a callback says: `kind` is `job.succeeded`, `job.cancelled` or `job.dead`."""

    job_id: str
    user_id: str
    url: str
    kind: str
    ended_us: int
    data: dict[str, Any]


@dataclass(frozen=True)
class CallbackOutbox:
    """Takes ends of jobs in."""

    records: CallbackRecords
    queue: Queue

    def enqueue(self, end: JobEnd) -> None:
        """Keep the callback and queue its delivery. The same end again is the same callback."""
        payload = {"type": end.kind, "timestamp": clock.iso(end.ended_us), "data": end.data}
        # The id has no dot: the signature separates its parts by dots.
        webhook_id = f"evt_{ids.repeatable_ulid(end.ended_us, end.job_id, end.kind)}"
        self.records.create(
            Callback(
                webhook_id=webhook_id,
                job_id=end.job_id,
                user_id=end.user_id,
                url=end.url,
                kind=end.kind,
                body=msgspec.json.encode(payload),
            )
        )
        self.queue.send(delivery_message(end.job_id, webhook_id, 1, clock.now_us()))


def delivery_message(
    job_id: str, webhook_id: str, number: int, due_us: int, redelivery: str | None = None
) -> dict[str, Any]:
    """The message that has a callback's try made when it is due.

    The schedule's by their number (from 1); one that was asked for by the redelivery's id.
    """
    message = {"job_id": job_id, "webhook_id": webhook_id, "try": number, "due_us": due_us}
    return message if redelivery is None else {**message, "redelivery": redelivery}
