"""Redelivery: one more try of a callback, because a user asks for it."""

from dataclasses import dataclass

from shared import clock
from shared.aws import Queue
from shared.callbacks.outbox import delivery_message
from shared.callbacks.records import TRY_LIVES_S, Callback, CallbackRecords
from shared.errors import Conflict, NotFound

# Bounds the log of one callback, and what it can be used for.
MAX_REDELIVERIES = 50


class CallbackNotFound(NotFound):
    """The job has no such callback."""

    code = "callback_not_found"


class CallbackInFlight(Conflict):
    """A try of the callback runs, or waits to be made at once."""

    code = "callback_in_flight"


class RedeliverLimitReached(Conflict):
    """The callback was redelivered as often as one may be."""

    code = "redeliver_limit_reached"


@dataclass(frozen=True)
class Redeliveries:
    """Takes wishes for another try."""

    records: CallbackRecords
    queue: Queue

    def ask(self, job_id: str, webhook_id: str, redelivery: str) -> Callback:
        """Queue one more try, apart from the schedule's. The same redelivery again is the same try.

        Raises CallbackNotFound, CallbackInFlight, RedeliverLimitReached.
        """
        callback = self.records.find(job_id, webhook_id)
        if callback is None:
            raise CallbackNotFound(f"the job has no callback {webhook_id!r}")
        if callback.has_tried(redelivery):
            return callback
        if callback.redelivery != redelivery:
            self._keep(callback, redelivery)
        self.queue.send(delivery_message(job_id, webhook_id, 0, clock.now_us(), redelivery))
        return callback

    def _keep(self, callback: Callback, redelivery: str) -> None:
        if callback.redeliveries >= MAX_REDELIVERIES:
            raise RedeliverLimitReached(f"a callback is redelivered {MAX_REDELIVERIES} times")
        free = not (callback.in_flight or callback.asked_for)
        if not (free and self.records.ask(callback, redelivery)):
            raise CallbackInFlight(
                "a try of this callback is being made; look at its outcome first",
                retry_after_s=TRY_LIVES_S // 4,
            )
