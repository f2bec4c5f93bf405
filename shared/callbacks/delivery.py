"""Delivering callbacks: signed, tried again for a day, in hops where SQS cannot wait that long."""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.aws import Queue
from shared.callbacks.addresses import CallbackRefused, HostUnknown, resolve
from shared.callbacks.outbox import delivery_message
from shared.callbacks.posting import Answer, post
from shared.callbacks.records import Callback, CallbackRecords, Try
from shared.callbacks.signature import signature_headers
from shared.clock import SECOND_US
from shared.errors import Unavailable

# The first again within 5 s (the way through SQS included), then 5 min, 30 min, 2 h, 5 h, 10 h.
RETRY_AFTER_S = (4, 300, 1_800, 7_200, 18_000, 36_000)
_MAX_HOP_S = 900


@dataclass(frozen=True)
class Delivery:
    """A message: make the try with this number when it is due."""

    job_id: str
    webhook_id: str
    number: int
    due_us: int


@dataclass(frozen=True)
class Deliveries:
    """Delivers callbacks; `secrets_of` gives a user's signing secrets, current first."""

    records: CallbackRecords
    queue: Queue
    secrets_of: Callable[[str], list[str]]
    allow_private: bool

    def deliver(self, message: Delivery) -> str:
        """Make a try, or wait for it; what happened, for the log.

        Raises Unavailable while another process makes the same try.
        """
        left_us = message.due_us - clock.now_us()
        if left_us > 0:
            self._send(message, left_us)
            return "callback_postponed"
        callback = self.records.find(message.job_id, message.webhook_id)
        if callback is None or callback.done:
            return "callback_settled"
        if len(callback.tries) >= message.number:
            return self._continue(callback, message)
        if not self.records.begin_try(callback, message.number):
            raise Unavailable("another process makes this try")
        return self._try(callback, message)

    def _try(self, callback: Callback, message: Delivery) -> str:
        at_us = clock.now_us()
        answer = self._post(callback, at_us)
        ok = answer.error is None
        next_us = None if ok else _next_us(message.number, clock.now_us())
        tried = Try(
            at_us=at_us, status_code=answer.status, ok=ok, error=answer.error, next_us=next_us
        )
        self.records.end_try(callback, tried)
        if next_us is not None:
            self._follow(callback, message.number + 1, next_us)
        return "callback_delivered" if ok else f"callback_failed_{answer.error}"

    def _continue(self, callback: Callback, message: Delivery) -> str:
        """The try was made before; make sure that the next one will be."""
        next_us = callback.tries[message.number - 1].next_us
        if next_us is not None and callback.begun == message.number:
            self._follow(callback, message.number + 1, next_us)
        return "callback_already_tried"

    def _post(self, callback: Callback, at_us: int) -> Answer:
        try:
            target = resolve(callback.url, allow_private=self.allow_private)
        except HostUnknown:
            return Answer(None, "host_unknown")
        except CallbackRefused:
            return Answer(None, "address_refused")
        secrets = self.secrets_of(callback.user_id)
        headers = signature_headers(callback.webhook_id, at_us // SECOND_US, callback.body, secrets)
        return post(target, callback.body, headers)

    def _follow(self, callback: Callback, number: int, due_us: int) -> None:
        following = Delivery(callback.job_id, callback.webhook_id, number, due_us)
        self._send(following, due_us - clock.now_us())

    def _send(self, message: Delivery, left_us: int) -> None:
        # Rounded up, so that the last hop does not arrive a moment too early.
        wait_s = min(_MAX_HOP_S, max(0, -(-left_us // SECOND_US)))
        body = delivery_message(message.job_id, message.webhook_id, message.number, message.due_us)
        self.queue.send(body, delay_s=wait_s)


def _next_us(number: int, now_us: int) -> int | None:
    if number > len(RETRY_AFTER_S):
        return None
    return now_us + RETRY_AFTER_S[number - 1] * SECOND_US
