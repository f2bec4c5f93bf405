"""Signs a body and posts it to a user's URL: what deliveries and pings have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.callbacks.addresses import resolve
from shared.callbacks.posting import Answer, Deadline, post
from shared.callbacks.signature import signature_headers

SecretsOf = Callable[[str], list[str]]


@dataclass(frozen=True)
class Sender:
    """Sends; `secrets_of` gives a user's signing secrets, current first."""

    secrets_of: SecretsOf
    allow_private: bool

    def send(self, user_id: str, url: str, webhook_id: str, body: bytes) -> Answer:
        """Resolve, check, connect and post within 10 s. Raises CallbackRefused, HostUnknown."""
        secrets = self.secrets_of(user_id)
        deadline = Deadline()
        target = resolve(url, allow_private=self.allow_private)
        headers = signature_headers(webhook_id, clock.now_s(), body, secrets)
        return post(target, body, headers, deadline)
