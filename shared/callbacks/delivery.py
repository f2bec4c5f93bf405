"""Delivering callbacks: signed, tried again for a day, in hops where SQS cannot wait that long."""

from dataclasses import dataclass

from shared import clock, ids
from shared.aws import Queue
from shared.callbacks.addresses import CallbackRefused, HostUnknown
from shared.callbacks.outbox import delivery_message
from shared.callbacks.posting import Answer
from shared.callbacks.records import Callback, CallbackRecords, Try
from shared.callbacks.schedule import next_try_us
from shared.callbacks.sending import Sender
from shared.callbacks.urls import CallbackUrls
from shared.clock import SECOND_US
from shared.errors import Unavailable
from shared.observability import count

# The receiver, or its owner, wants no more; that is no failure.
_NOT_WANTED = ("gone", "disabled")
_MAX_HOP_S = 900


@dataclass(frozen=True)
class Delivery:
    """A message: make the schedule's try with this number when it is due, or a redelivery now."""

    job_id: str
    webhook_id: str
    number: int
    due_us: int
    redelivery: str | None = None


@dataclass(frozen=True)
class Deliveries:
    """Delivers callbacks."""

    records: CallbackRecords
    urls: CallbackUrls
    queue: Queue
    sender: Sender

    def deliver(self, message: Delivery) -> str:
        """Make a try, or wait for it; what happened, for the log.

        Raises Unavailable while another process makes a try of this callback.
        """
        left_us = message.due_us - clock.now_us()
        if left_us > 0:
            self._send(message, left_us)
            return "callback_postponed"
        callback = self.records.find(message.job_id, message.webhook_id)
        if callback is None:
            return "callback_absent"
        if message.redelivery is not None:
            return self._redeliver(callback, message.redelivery)
        if callback.over:
            return "callback_settled"
        if callback.made >= message.number:
            return self._continue(callback, message)
        disabled = self.urls.disabled(callback.user_id, callback.url)
        begun = self._begin(callback, ids.ulid(), asked=False)
        return self._end(begun, Answer(None, "disabled") if disabled else self._post(begun))

    def _redeliver(self, callback: Callback, redelivery: str) -> str:
        """Make the try that was asked for, unless it was made or another was asked for since."""
        if callback.redelivery != redelivery:
            return "redelivery_settled"
        begun = self._begin(callback, redelivery, asked=True)
        return self._end(begun, self._post(begun))

    def _continue(self, callback: Callback, message: Delivery) -> str:
        """The try was made before; make sure that the next one will be."""
        if callback.made == message.number and callback.due_us is not None:
            self._follow(callback, message.number + 1, callback.due_us)
        return "callback_already_tried"

    def _begin(self, callback: Callback, try_id: str, *, asked: bool) -> Callback:
        begun = self.records.begin_try(callback, try_id, asked=asked)
        if begun is None:
            raise Unavailable("another process makes a try of this callback")
        return begun

    def _end(self, begun: Callback, answer: Answer) -> str:
        """Keep the outcome, and have the next try made if there is to be one."""
        self._judge_url(begun, answer)
        over, due_us = _what_follows(begun, answer)
        tried = _tried(begun, answer, due_us)
        if not self.records.end_try(begun, tried, over=over, due_us=due_us):
            raise Unavailable("another process took this try over")
        if over and not begun.running_asked and answer.error not in (None, *_NOT_WANTED):
            count("CallbacksGivenUp", service="callbacks")
        if due_us is not None and not begun.running_asked:
            self._follow(begun, begun.made + 2, due_us)
        return "callback_delivered" if tried.ok else f"callback_failed_{answer.error}"

    def _judge_url(self, begun: Callback, answer: Answer) -> None:
        # Before the outcome is kept: what is cut off here is judged again with the next try.
        if answer.error == "gone":
            self.urls.disable(begun.user_id, begun.url)
        elif answer.error is None and begun.running_asked:
            self.urls.enable(begun.user_id, begun.url)

    def _post(self, begun: Callback) -> Answer:
        try:
            return self.sender.send(begun.user_id, begun.url, begun.webhook_id, begun.body)
        except HostUnknown:
            return Answer(None, "host_unknown")
        except CallbackRefused:
            return Answer(None, "address_refused")

    def _follow(self, callback: Callback, number: int, due_us: int) -> None:
        following = Delivery(callback.job_id, callback.webhook_id, number, due_us)
        self._send(following, due_us - clock.now_us())

    def _send(self, message: Delivery, left_us: int) -> None:
        # Rounded up, so that the last hop does not arrive a moment too early.
        wait_s = min(_MAX_HOP_S, max(0, -(-left_us // SECOND_US)))
        body = delivery_message(message.job_id, message.webhook_id, message.number, message.due_us)
        self.queue.send(body, delay_s=wait_s)


def _what_follows(begun: Callback, answer: Answer) -> tuple[bool, int | None]:
    """Whether nothing more is tried, and else when the schedule's next try is due."""
    if answer.error in (None, *_NOT_WANTED):
        return True, None
    if begun.running_asked:
        return begun.over, begun.due_us
    planned = (tried.at_us for tried in begun.tries if not tried.asked)
    first_us = next(planned, begun.running_us)
    due_us = next_try_us(begun.webhook_id, begun.made + 1, first_us, answer)
    return due_us is None, due_us


def _tried(begun: Callback, answer: Answer, next_us: int | None) -> Try:
    assert begun.running is not None, "a try that ends was begun"
    return Try(
        try_id=begun.running,
        at_us=begun.running_us,
        status_code=answer.status,
        ok=answer.error is None,
        error=answer.error,
        next_us=next_us,
        asked=begun.running_asked,
    )
