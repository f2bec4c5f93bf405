"""Pings: one webhook sent now, to see whether a receiver answers and verifies signatures."""

import time
from dataclasses import dataclass

import msgspec

from shared import clock, ids
from shared.callbacks.addresses import HostUnknown
from shared.callbacks.posting import Answer
from shared.callbacks.sending import Sender
from shared.callbacks.urls import CallbackUrls


@dataclass(frozen=True)
class Pinged:
    """How a ping went; of the answer only its status."""

    webhook_id: str
    status_code: int | None
    error: str | None
    duration_ms: float

    @property
    def ok(self) -> bool:
        """Whether the receiver answered 2xx."""
        return self.error is None


@dataclass(frozen=True)
class Pings:
    """Sends pings."""

    urls: CallbackUrls
    sender: Sender

    def ping(self, user_id: str, url: str) -> Pinged:
        """Send a `webhook.ping`. Success enables a URL that was disabled.

        Raises CallbackRefused where callbacks may not go, TooManyPings.
        """
        # Counted before anything is looked up, so that refusals are no way to search either.
        self.urls.count_ping(user_id)
        webhook_id = ids.new_id("evt")
        started = time.monotonic()
        answer = self._send(user_id, url, webhook_id)
        took_ms = round((time.monotonic() - started) * 1_000, 1)
        if answer.error is None:
            self.urls.enable(user_id, url)
        return Pinged(webhook_id, answer.status, answer.error, took_ms)

    def _send(self, user_id: str, url: str, webhook_id: str) -> Answer:
        payload = {
            "type": "webhook.ping",
            "timestamp": clock.iso(clock.now_us()),
            "data": {"user_id": user_id},
        }
        try:
            return self.sender.send(user_id, url, webhook_id, msgspec.json.encode(payload))
        except HostUnknown:
            return Answer(None, "host_unknown")
