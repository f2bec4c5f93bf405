"""`Idempotency-Key`, whatever serves a call: the same key and body, the same answer for 24 hours.

Our own DynamoDB item rather than Powertools' decorator: the HTTP semantics (422 on another body,
409 in flight, secrets left out of a replay) are ours, and a call that was cut off must be able to
run again under the same repeatable ids (`docs/decisions/0004-idempotency.md`).
"""

from shared.idempotency.keys import HEADER, REPLAYED, check_key, fingerprint, is_kept, record_key
from shared.idempotency.store import KEPT_S, LOCK_S, IdempotencyStore, record_traces

__all__ = [
    "HEADER",
    "KEPT_S",
    "LOCK_S",
    "REPLAYED",
    "IdempotencyStore",
    "check_key",
    "fingerprint",
    "is_kept",
    "record_key",
    "record_traces",
]
