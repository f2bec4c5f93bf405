"""Signs a body and posts it to a user's URL: what deliveries and pings have in common.

Signatures follow Standard Webhooks 1.0: HMAC-SHA256 over the exact bytes,
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from shared import clock
from shared.callbacks.addresses import resolve
from shared.callbacks.posting import Answer, ExchangeDeadline, post

SecretsOf = Callable[[str], list[str]]
_PREFIX = "whsec_"


@dataclass(frozen=True)
class Sender:
    """Sends; `secrets_of` gives a user's signing secrets, current first."""

    secrets_of: SecretsOf
    allow_private: bool

    def send(self, user_id: str, url: str, webhook_id: str, body: bytes) -> Answer:
        """Resolve, check, connect and post within 10 s. Raises CallbackRefused, HostUnknown."""
        secrets = self.secrets_of(user_id)
        deadline = ExchangeDeadline()
        target = resolve(url, allow_private=self.allow_private)
        headers = signature_headers(webhook_id, clock.now_s(), body, secrets)
        return post(target, body, headers, deadline)


def signature_headers(
    webhook_id: str, at_s: int, body: bytes, secrets: list[str]
) -> dict[str, str]:
    """The three headers; one signature per secret, so that a rotation needs no pause."""
    signed = b".".join([webhook_id.encode(), str(at_s).encode(), body])
    signatures = [f"v1,{_signature(secret, signed)}" for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
