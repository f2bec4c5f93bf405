"""The one live token of each device: a new one ends the old one in the same transaction."""

from shared import clock, ids
from shared.accounts.keys import TOKEN_SK, device_pk, token_pk
from shared.aws import Item, Table, TransactionLost, Update
from shared.errors import Unavailable

_ATTEMPTS = 5


def issue_device_token(table: Table, serial: str) -> str:
    """A new `eyd_…` token for a device; the old one dies. Raises Unavailable.

    Carried out twice it issues twice: the last one lives.
    """
    token = ids.new_token("eyd")
    for _ in range(_ATTEMPTS):
        if _replaced(table, serial, ids.token_digest(token)):
            return token
    raise Unavailable("the device's token is being replaced by others at this moment")


def revoke_device_token(table: Table, serial: str) -> None:
    """End the device's token, if it has one."""
    held = table.get(device_pk(serial), TOKEN_SK)
    if held is None:
        return
    transaction = table.transaction()
    transaction.delete(token_pk(held["digest"]), TOKEN_SK)
    transaction.delete(device_pk(serial), TOKEN_SK)
    transaction.commit()


def _replaced(table: Table, serial: str, digest: str) -> bool:
    held = table.get(device_pk(serial), TOKEN_SK)
    transaction = table.transaction()
    transaction.put(_token_item(serial, digest), only_new=True)
    transaction.update(_now_holds(serial, digest, held))
    if held is not None:
        transaction.delete(token_pk(held["digest"]), TOKEN_SK)
    try:
        transaction.commit()
    except TransactionLost:
        return False
    return True


def _now_holds(serial: str, digest: str, held: Item | None) -> Update:
    unchanged = {"digest": held["digest"] if held else None}
    return Update(device_pk(serial), TOKEN_SK, set={"digest": digest}, only_if=unchanged)


def _token_item(serial: str, digest: str) -> Item:
    return {
        "pk": token_pk(digest),
        "sk": TOKEN_SK,
        "kind": "device",
        "serial": serial,
        "created_us": clock.now_us(),
        "expires_us": None,
        "last_used_us": None,
    }
