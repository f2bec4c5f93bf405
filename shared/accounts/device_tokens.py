"""The one live token of each device: a new one ends the old one in the same transaction."""

from shared import clock, ids
from shared.accounts.keys import (
    TOKEN_SK,
    child_sk,
    device_child,
    device_pk,
    token_id_pk,
    token_pk,
)
from shared.accounts.lineage import Maker, dead_maker, was_revoked
from shared.aws import Item, Table, Transaction, TransactionLost, Update
from shared.errors import Unavailable

_ATTEMPTS = 5


def issue_device_token(
    table: Table, serial: str, *, maker: Maker | None = None, done: Item | None = None
) -> str:
    """A new `eyd_…` token for a device, which `maker` made; the old one dies.

    `done` is the audit entry that becomes true with it. Raises TokenOutlivesMaker (a device's
    token does not expire), Unauthenticated where the maker is dead by now, Unavailable.
    Carried out twice it issues twice: the last one lives.
    """
    if maker is not None:
        maker.check_outlives(None)
    token = ids.new_token("eyd")
    for _ in range(_ATTEMPTS):
        if _replaced(table, serial, ids.token_digest(token), maker, done):
            return token
    raise Unavailable("the device's token is being replaced by others at this moment")


def revoke_device_token(
    table: Table, serial: str, *, made_by: str | None = None, done: Item | None = None
) -> bool:
    """End the device's token, if it has one; with `made_by` only one that this token made.

    `done` is the audit entry that becomes true with it. False where there was none to end.
    """
    held = table.get(device_pk(serial), TOKEN_SK)
    if held is None or made_by not in (None, held.get("created_by")):
        return False
    transaction = table.transaction()
    # Only the token that was looked at: the device may be registered again at this moment.
    transaction.delete(token_pk(held["digest"]), TOKEN_SK, must_exist=True)
    transaction.delete(device_pk(serial), TOKEN_SK)
    _leave_maker(transaction, serial, held)
    if done is not None:
        transaction.put(done)
    transaction.commit()
    return True


def _replaced(
    table: Table, serial: str, digest: str, maker: Maker | None, done: Item | None
) -> bool:
    held = table.get(device_pk(serial), TOKEN_SK)
    created_by = None if maker is None else maker.token_id
    transaction = table.transaction()
    if maker is not None:
        maker.join(transaction, device_child(serial), {"serial": serial})
    transaction.put(_token_item(serial, digest, created_by), only_new=True)
    transaction.update(_now_holds(serial, digest, created_by, held))
    if held is not None:
        transaction.delete(token_pk(held["digest"]), TOKEN_SK)
        if held.get("created_by") != created_by:
            _leave_maker(transaction, serial, held)
    if done is not None:
        transaction.put(done)
    try:
        transaction.commit()
    except TransactionLost as exc:
        if was_revoked(maker, exc):
            raise dead_maker() from exc
        return False
    return True


def _leave_maker(transaction: Transaction, serial: str, held: Item) -> None:
    """A token that ends is no child of its maker any more."""
    if held.get("created_by") is not None:
        transaction.delete(token_id_pk(held["created_by"]), child_sk(device_child(serial)))


def _now_holds(serial: str, digest: str, created_by: str | None, held: Item | None) -> Update:
    unchanged = {"digest": held["digest"] if held else None}
    holds = {"digest": digest, "created_by": created_by}
    return Update(device_pk(serial), TOKEN_SK, set=holds, only_if=unchanged)


def _token_item(serial: str, digest: str, created_by: str | None) -> Item:
    return {
        "pk": token_pk(digest),
        "sk": TOKEN_SK,
        "kind": "device",
        "serial": serial,
        "created_us": clock.now_us(),
        "expires_us": None,
        "last_used_us": None,
        "created_by": created_by,
    }
