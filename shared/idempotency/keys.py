"""What a key belongs to, what it is the key of, and which answers are kept under it; no I/O."""

import hashlib
from collections.abc import Mapping
from typing import Final

from shared.errors import Unacceptable

HEADER: Final = "idempotency-key"
# What an answer from before carries.
REPLAYED: Final[Mapping[str, str]] = {"Idempotent-Replayed": "true"}
_MAX_KEY: Final = 255
# A key of DynamoDB has at most 2,048 bytes.
_LONGEST_PLACE_BYTES: Final = 1_024
# These answers say "not now": the same call may come again and must then be carried out.
_NOT_KEPT: Final = frozenset({409, 429})


def check_key(key: str) -> None:
    """Raises Unacceptable for what is no key."""
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise Unacceptable(
            f"an Idempotency-Key has 1 to {_MAX_KEY} printable characters",
            code="invalid_idempotency_key",
        )


def record_key(caller: str, method: str, path: str, key: str) -> str:
    """What a key belongs to: its caller and the call; a path that no key has room for, by its
    digest.
    """
    place = f"{method} {path}"
    if len(place.encode()) > _LONGEST_PLACE_BYTES:
        place = hashlib.sha256(place.encode()).hexdigest()
    return f"CALL#{caller}#{place}#{key}"


def fingerprint(method: str, path: str, query: str, body: bytes) -> str:
    """What makes two requests the same."""
    parts = (method, path, query, body.hex())
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def is_kept(status: int) -> bool:
    """Whether an answer stands for a day: faults of the service, and what may be otherwise in a
    moment, do not.
    """
    return status < 500 and status not in _NOT_KEPT
