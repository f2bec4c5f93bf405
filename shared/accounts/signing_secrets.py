"""The secret with which a user's callbacks are signed (Standard Webhooks 1.0), and its rotation."""

import msgspec

from shared import clock, ids
from shared.accounts.audit import Audit
from shared.accounts.keys import WEBHOOK_SECRET_SK, user_pk
from shared.accounts.lineage import CONDITION
from shared.aws import Item, Table, TransactionLost, Update
from shared.clock import DAY_US
from shared.errors import Conflict

# A receiver has this long to learn the new secret: callbacks carry both signatures meanwhile.
PREVIOUS_VALID_US = DAY_US


class RotatedSecret(msgspec.Struct, frozen=True):
    """The new secret, and until when the one before it still signs."""

    secret: str
    previous_valid_until_us: int


def webhook_secrets(table: Table, user_id: str) -> list[str]:
    """The user's secrets, current first, then the previous one while it is valid.

    Made at first use.
    """
    item = _stored(table, user_id)
    previous_valid = (item.get("previous_until_us") or 0) > clock.now_us()
    return [item["secret"], item["previous"]] if previous_valid else [item["secret"]]


def rotate_webhook_secret(
    table: Table, user_id: str, *, rotation: str, audit: Audit | None = None
) -> RotatedSecret:
    """Replace the secret. `rotation` names the call: the same one again changes nothing.

    Raises Conflict when another rotation won.
    """
    held = _stored(table, user_id)
    if held.get("rotation") != rotation:
        held = _replaced(table, user_id, held, rotation, audit or Audit(user_id))
    return RotatedSecret(held["secret"], held["previous_until_us"])


def _stored(table: Table, user_id: str) -> Item:
    """Read, which costs a fifth of a write, and made only where there is none."""
    if (item := table.get(user_pk(user_id), WEBHOOK_SECRET_SK)) is not None:
        return item
    fresh = {"secret": ids.new_webhook_secret()}
    return table.update(Update(user_pk(user_id), WEBHOOK_SECRET_SK, set_if_absent=fresh))


def _replaced(table: Table, user_id: str, held: Item, rotation: str, audit: Audit) -> Item:
    fresh = {
        "secret": ids.new_webhook_secret(),
        "previous": held["secret"],
        "rotation": rotation,
        "previous_until_us": clock.now_us() + PREVIOUS_VALID_US,
    }
    unchanged = {"secret": held["secret"]}
    transaction = table.transaction()
    transaction.update(Update(user_pk(user_id), WEBHOOK_SECRET_SK, set=fresh, only_if=unchanged))
    transaction.put(audit.entry("webhook_secret.rotated", user_id))
    try:
        transaction.commit()
    except TransactionLost as exc:
        if CONDITION not in exc.reasons:
            raise
        raise Conflict(
            "the secret was rotated by another call at this moment", code="rotation_conflict"
        ) from exc
    return held | fresh
