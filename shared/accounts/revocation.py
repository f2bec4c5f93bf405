"""Ends tokens: one, or one with all that it made, and what those made.

A token is dead with one transaction, and can make no other from then on
(`shared.accounts.lineage`). So the parent goes first and its children are looked for
then: none can be missed. What a crash leaves of a tree is on the list of open
revocations, and carried out by upkeep.
"""

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from shared import clock
from shared.accounts.audit import KEPT_DAYS, Audit
from shared.accounts.device_tokens import revoke_device_token
from shared.accounts.keys import (
    CHILD_PREFIX,
    REVOCATIONS_PK,
    TOKEN_SK,
    child_sk,
    token_id_pk,
    token_pk,
    user_pk,
    user_token_sk,
)
from shared.accounts.lineage import CONDITION, REVOKED, commit
from shared.accounts.tokens import listed_token, token_not_found
from shared.aws import Item, Table, Transaction, TransactionLost
from shared.errors import Unavailable

# For so long the children of a token that was revoked without them can still be taken along.
_REMEMBERED_S = 30 * 86_400
# A transaction has at most 100 actions; ending a token takes five.
KILLED_AT_ONCE = 20


class Revocation(msgspec.Struct, frozen=True):
    """A token that is to die with its descendants, for whom, and by which token."""

    token_id: str
    audit: Audit


def revoke_token(
    table: Table,
    token_id: str,
    *,
    owner: str | None,
    children: bool = False,
    audit: Audit | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> None:
    """End a token, with `children` also those that it made, and theirs.

    `owner` None takes it from whomever it belongs to. A token that was revoked before
    without its children can be named again for them. Raises TokenNotFound, and
    Unavailable when the tree is too large for one call: upkeep goes on with it.
    """
    audit = audit or Audit()
    held = table.get(token_id_pk(token_id), TOKEN_SK)
    if held is None or owner not in (None, held["user_id"]):
        raise token_not_found(token_id)
    if REVOKED not in held:
        _end_root(table, listed_token(table, held["user_id"], token_id), children, audit)
    elif not children or not _children(table, token_id, 1):
        raise token_not_found(token_id)
    else:
        table.put(_open(token_id, audit))
    if children and not carry_out(table, Revocation(token_id, audit), may_go_on):
        raise Unavailable(
            "the token is dead, and more of its descendants are than one call can end: the rest "
            "follows within minutes; repeat the call to hear of the end",
            retry_after_s=10,
        )


def open_revocations(table: Table) -> Iterator[Revocation]:
    """Revocations of trees that were not carried out to the end."""
    for item in table.query(REVOCATIONS_PK):
        audit = Audit(item["actor"], item["by_token"], item["kept_days"])
        yield Revocation(item["sk"], audit)


def carry_out(table: Table, revocation: Revocation, may_go_on: Callable[[], bool]) -> bool:
    """End the descendants of a dead token; False when there is more to do. Repeatable."""
    path: list[tuple[str, Item | None]] = [(revocation.token_id, None)]
    while path:
        if not may_go_on():
            return False
        parent, place = path[-1]
        children = _children(table, parent, KILLED_AT_ONCE)
        if not children:
            path.pop()
            if place is not None:
                table.delete(place["pk"], place["sk"])
            continue
        _end_children(table, parent, children, revocation)
        path += [(_id(child), child) for child in children if "user_id" in child]
    table.delete(REVOCATIONS_PK, revocation.token_id)
    return True


def end_tokens(table: Table, listed: list[Item], audit: Audit | None = None) -> None:
    """End tokens, given as they are listed, all or none. Raises TransactionLost."""
    transaction = table.transaction()
    for item in listed:
        _end(transaction, item, audit)
        if item.get("created_by") is not None:
            transaction.delete(token_id_pk(item["created_by"]), child_sk(item["token_id"]))
    commit(transaction)


def _end_root(table: Table, listed: Item, children: bool, audit: Audit) -> None:
    transaction = table.transaction()
    _end(transaction, listed, audit, **({"children": True} if children else {}))
    token_id, made_by = listed["token_id"], listed.get("created_by")
    if children:
        transaction.put(_open(token_id, audit))
        if made_by is not None:
            transaction.delete(token_id_pk(made_by), child_sk(token_id))
    try:
        commit(transaction)
    except TransactionLost as exc:
        if CONDITION not in exc.reasons:
            raise
        # Another call ended it at this moment.
        raise token_not_found(token_id) from exc
    # What it made is found through it when its own maker is revoked with children; it can make
    # nothing more by now.
    if not children and made_by is not None and not _children(table, token_id, 1):
        table.delete(token_id_pk(made_by), child_sk(token_id))


def _end_children(table: Table, parent: str, children: list[Item], why: Revocation) -> None:
    """End these children; their places stay until their own children are dead."""
    tokens = [child for child in children if "user_id" in child]
    while not _end_together(table, tokens, why):
        # Some were ended by others since they were read: look again.
        pass
    for child in children:
        if "serial" in child:
            _end_device(table, parent, child, why)


def _end_together(table: Table, children: list[Item], why: Revocation) -> bool:
    """End those that are alive; False when they are no longer those that were read."""
    keys = [(user_pk(child["user_id"]), user_token_sk(_id(child))) for child in children]
    listed = table.get_many(keys)
    if not listed:
        return True
    transaction = table.transaction()
    for item in listed:
        _end(transaction, item, why.audit, along_with=why.token_id)
    try:
        commit(transaction)
    except TransactionLost as exc:
        if CONDITION not in exc.reasons:
            raise
        return False
    return True


def _end_device(table: Table, parent: str, child: Item, why: Revocation) -> None:
    serial = child["serial"]
    detail = {"kind": "device", "along_with": why.token_id}
    done = why.audit.entry("token.revoked", serial, **detail)
    if not revoke_device_token(table, serial, made_by=parent, done=done):
        table.delete(child["pk"], child["sk"])


def _end(transaction: Transaction, listed: Item, audit: Audit | None, **why: object) -> None:
    user_id, token_id = listed["user_id"], listed["token_id"]
    transaction.delete(user_pk(user_id), user_token_sk(token_id), must_exist=True)
    transaction.delete(token_pk(listed["digest"]), TOKEN_SK)
    transaction.put(
        {
            "pk": token_id_pk(token_id),
            "sk": TOKEN_SK,
            "user_id": user_id,
            REVOKED: clock.now_us(),
            "expires_at": clock.now_s() + _REMEMBERED_S,
        }
    )
    if audit is not None:
        detail = {"user_id": user_id, "kind": listed["kind"], **why}
        transaction.put(audit.entry("token.revoked", token_id, **detail))


def _open(token_id: str, audit: Audit) -> Item:
    return {
        "pk": REVOCATIONS_PK,
        "sk": token_id,
        "actor": audit.actor,
        "by_token": audit.token_id,
        "kept_days": audit.kept_days or KEPT_DAYS,
    }


def _children(table: Table, token_id: str, limit: int) -> list[Item]:
    found = table.query(token_id_pk(token_id), prefix=CHILD_PREFIX, limit=limit)
    return list(islice(found, limit))


def _id(child: Item) -> str:
    return str(child["sk"]).removeprefix(CHILD_PREFIX)
