"""Identifiers and secrets: sortable ids, repeatable ids, bearer tokens, signing secrets."""

import base64
import hashlib
import secrets

from shared import clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Two characters at a time, which takes half as long.
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
# Python has other digits to the base of 32; whatever is no digit here becomes none there.
_PYTHONS = "0123456789abcdefghijklmnopqrstuv"
_TO_PYTHONS = "".join(
    _PYTHONS[_CROCKFORD.index(char)] if char in _CROCKFORD else "!" for char in map(chr, range(256))
).encode()
_RANDOM_BITS = 80
# A ULID as a regular expression: 128 bits, so that the first of 26 characters is below 8.
ULID_FORM = f"[0-7][{_CROCKFORD}]{{25}}"


def ulid(at_us: int | None = None) -> str:
    """A new ULID: 48 bits of milliseconds, 80 random bits; sorts by time of birth."""
    random = int.from_bytes(secrets.token_bytes(_RANDOM_BITS // 8))
    return _ulid(clock.now_us() if at_us is None else at_us, random)


def repeatable_ulid(at_us: int, *parts: str) -> str:
    """The same ULID for the same instant and parts, for work that may be done again."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return _ulid(at_us, int.from_bytes(digest[: _RANDOM_BITS // 8]))


def ulid_time_us(value: str) -> int:
    """When a ULID was born, to the millisecond. Raises ValueError for what is none."""
    digits = value[:10].encode("ascii").translate(_TO_PYTHONS)
    return int(digits or b"0", 32) * 1_000


def new_id(prefix: str) -> str:
    """A sortable public id such as `job_01J…`."""
    return f"{prefix}_{ulid()}"


def new_token(prefix: str) -> str:
    """A bearer token with 256 random bits, such as `eyt_…`."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def new_webhook_secret() -> str:
    """A signing secret as Standard Webhooks writes them: `whsec_` and 24 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def token_digest(token: str) -> str:
    """What is stored instead of a token: its SHA-256 in hex (256 random bits need no salt)."""
    return hashlib.sha256(token.encode()).hexdigest()


def _ulid(at_us: int, random_bits: int) -> str:
    number = ((at_us // 1_000) << _RANDOM_BITS) | random_bits
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def user_partition(user_id: str) -> str:
    """The partition key of what belongs to one user, in every table that has such items."""
    return f"USER#{user_id}"
