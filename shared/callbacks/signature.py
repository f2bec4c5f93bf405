"""Standard Webhooks 1.0 signatures: HMAC-SHA256 over the exact bytes.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac

_PREFIX = "whsec_"


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
