"""Who a token belongs to, for the authorizer: one GetItem, nothing else."""

import msgspec

from shared import clock, ids
from shared.accounts.keys import TOKEN_SK, token_pk
from shared.aws import Item, Table

# What a token may: all that its user may. Tokens of earlier versions do not say it.
FULL = "full"


class Credential(msgspec.Struct, frozen=True):
    """What a live token proves. `kind`: `user`, `api_key`, or `device`, which has only a serial."""

    kind: str
    digest: str
    last_used_us: int
    user_id: str = ""
    tenant: str = ""
    admin: bool = False
    token_id: str = ""
    scope: str = FULL
    serial: str = ""


def find_credential(table: Table, token: str) -> Credential | None:
    """What a token proves, or None where it is unknown, revoked or expired.

    Expiry is judged here: DynamoDB removes expired items when it gets round to it.
    """
    digest = ids.token_digest(token)
    item = table.get(token_pk(digest), TOKEN_SK)
    return None if item is None or _has_expired(item) else _credential(digest, item)


def _has_expired(item: Item) -> bool:
    expires_us = item.get("expires_us")
    return expires_us is not None and expires_us <= clock.now_us()


def _credential(digest: str, item: Item) -> Credential:
    last_used_us = item.get("last_used_us") or 0
    if item["kind"] == "device":
        return Credential("device", digest, last_used_us, serial=item["serial"])
    return Credential(
        item["kind"],
        digest,
        last_used_us,
        user_id=item["user_id"],
        tenant=item["tenant"],
        admin=item["admin"],
        token_id=item["token_id"],
        scope=item.get("scope", FULL),
    )
