"""The token of each device: a new one ends the old one in the same transaction, or says when.

`DEVICE#<serial> / TOKEN` names the newest and the `former` ones that still have time left.
"""

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
from shared.clock import SECOND_US
from shared.errors import Unavailable

_ATTEMPTS = 5
MAX_OVERLAP_S = 86_400
# So many older tokens may be running out at a time; before that the oldest end at once.
_MAX_FORMER = 3


def issue_device_token(
    table: Table,
    serial: str,
    *,
    maker: Maker | None = None,
    done: Item | None = None,
    overlap_s: int = 0,
) -> str:
    """A new `eyd_…` token for a device, which `maker` made.

    With `overlap_s` the one before lives for so many seconds more, else all others end now.
    `done` is the audit entry that becomes true with it. Raises TokenOutlivesMaker (a device's
    token does not expire), Unauthenticated where the maker is dead by now, Unavailable.
    Carried out twice it issues twice: the last one lives.
    """
    if maker is not None:
        maker.check_outlives(None)
    token = ids.new_token("eyd")
    for _ in range(_ATTEMPTS):
        if _replaced(table, serial, ids.token_digest(token), maker, done, overlap_s):
            return token
    raise Unavailable("the device's token is being replaced by others at this moment")


def revoke_device_token(
    table: Table, serial: str, *, made_by: str | None = None, done: Item | None = None
) -> bool:
    """End the device's tokens, if it has any; with `made_by` only if that token made one of them.

    Older tokens that are running out end with the newest; without it only those of `made_by` do.
    `done` is the audit entry that becomes true with it. False where there was none to end.
    """
    held = table.get(device_pk(serial), TOKEN_SK)
    if held is None or made_by not in (None, *_makers(held)):
        return False
    transaction = table.transaction()
    if made_by in (None, held.get("created_by")):
        # Only the token that was looked at: the device may be registered again at this moment.
        transaction.delete(token_pk(held["digest"]), TOKEN_SK, must_exist=True)
        transaction.delete(device_pk(serial), TOKEN_SK)
        kept = None
    else:
        former = [each for each in held["former"] if each["created_by"] != made_by]
        transaction.update(_now_holds(serial, held, {**held, "former": former}))
        kept = {**held, "former": former}
    _end_others(transaction, serial, held, kept)
    if done is not None:
        transaction.put(done)
    transaction.commit()
    return True


def _replaced(
    table: Table,
    serial: str,
    digest: str,
    maker: Maker | None,
    done: Item | None,
    overlap_s: int,
) -> bool:
    held = table.get(device_pk(serial), TOKEN_SK)
    created_by = None if maker is None else maker.token_id
    former = _running_out(held, overlap_s)
    holds = {"digest": digest, "created_by": created_by, "former": former}
    transaction = table.transaction()
    if maker is not None:
        maker.join(transaction, device_child(serial), {"serial": serial})
    transaction.put(_token_item(serial, digest, created_by), only_new=True)
    transaction.update(_now_holds(serial, held, holds))
    for newest in former[:1]:
        transaction.update(_end_of(newest))
    if held is not None:
        _end_others(transaction, serial, held, holds)
    if done is not None:
        transaction.put(done)
    try:
        transaction.commit()
    except TransactionLost as exc:
        if was_revoked(maker, exc):
            raise dead_maker() from exc
        return False
    return True


def _running_out(held: Item | None, overlap_s: int) -> list[Item]:
    """The older tokens that live on for a while, newest first."""
    if held is None or overlap_s == 0:
        return []
    newest = {
        "digest": held["digest"],
        "created_by": held.get("created_by"),
        "expires_us": clock.now_us() + overlap_s * SECOND_US,
    }
    older = [each for each in held.get("former", ()) if each["expires_us"] > clock.now_us()]
    return [newest, *older][:_MAX_FORMER]


def _end_of(former: Item) -> Update:
    """Gives a token that did not expire its end."""
    end = {"expires_us": former["expires_us"], "expires_at": former["expires_us"] // SECOND_US + 1}
    return Update(token_pk(former["digest"]), TOKEN_SK, set=end, must_exist=True)


def _end_others(transaction: Transaction, serial: str, held: Item, kept: Item | None) -> None:
    """End the tokens that the device held and does not keep; they leave their makers."""
    living = _digests(kept) if kept else set()
    # The newest is ended, where it ends, by the caller, who looked at it.
    newest = {held["digest"]} if kept is None else set()
    for digest in _digests(held) - living - newest:
        transaction.delete(token_pk(digest), TOKEN_SK)
    for maker in sorted(_makers(held) - (_makers(kept) if kept else set())):
        # A token that ends is no child of its maker any more.
        transaction.delete(token_id_pk(maker), child_sk(device_child(serial)))


def _digests(held: Item) -> set[str]:
    return {held["digest"], *(each["digest"] for each in held.get("former", ()))}


def _makers(held: Item) -> set[str]:
    """The tokens that made these; None made those of the first administrator."""
    makers = {held.get("created_by"), *(each["created_by"] for each in held.get("former", ()))}
    return makers - {None}


def _now_holds(serial: str, before: Item | None, holds: Item) -> Update:
    """What the device holds, if it still holds what was looked at."""
    unchanged = {"digest": before["digest"] if before else None}
    names = ("digest", "created_by", "former")
    said = {name: holds[name] for name in names}
    return Update(device_pk(serial), TOKEN_SK, set=said, only_if=unchanged)


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
