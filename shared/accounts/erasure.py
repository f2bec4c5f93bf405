"""Beginning to erase an account, and telling how far that is.

`USER#<id> / PROFILE` gets `erasing_us`, in one transaction with `ERASURES / <id>`: from
then on no token and no user of this id can be made. Tokens die with the call, the rest
goes by upkeep (`shared.accounts.erasing`). What stays is `USER#<id> / ERASED`, as long as
the audit.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from shared import clock
from shared.accounts.audit import Audit
from shared.accounts.errors import LastAdmin, NoSuchUser
from shared.accounts.keys import ERASED_SK, ERASURES_PK, PROFILE_SK, USERS_PK, user_pk
from shared.accounts.lineage import CONDITION, commit
from shared.accounts.traces import Tokens
from shared.accounts.users import ERASING
from shared.aws import Item, Table, TransactionLost, Update
from shared.errors import Unavailable
from shared.traces import clear

_ATTEMPTS = 5


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure that is under way. Instants in µs.

    `quiet_us`: since when nothing of the user was found. `left`: how much of what was left
    when last looked at, as far as one look saw.
    """

    user_id: str
    begun_us: int
    quiet_us: int
    kept_days: int
    swept_us: int = 0
    leased_until_us: int = 0
    run: str = ""
    left: dict[str, int] = {}


class AccountStatus(msgspec.Struct, frozen=True):
    """Whether an account is there; `left` counts by kind what is not erased yet."""

    user_id: str
    status: Literal["active", "erasing", "erased"]
    left: dict[str, int]


def begin_erasure(
    table: Table, user_id: str, *, audit: Audit, may_go_on: Callable[[], bool]
) -> None:
    """Begin to erase an account, or go on, and end its tokens.

    Raises NoSuchUser, LastAdmin, and Unavailable when there are more tokens than one call
    can end: upkeep goes on with them.
    """
    for _ in range(_ATTEMPTS):
        if _is_begun(table, user_id, audit):
            break
    else:
        raise Unavailable("accounts are being changed at this moment; repeat the call")
    _, left = clear(Tokens(table), user_id, may_go_on)
    if left:
        raise Unavailable(
            "the account is being erased; it has more tokens than one call can end, the rest "
            "follows within minutes",
            retry_after_s=10,
        )


def account_status(table: Table, user_id: str) -> AccountStatus:
    """Get the status of an account. Raises NoSuchUser where there is none, and was none lately."""
    profile = table.get(user_pk(user_id), PROFILE_SK)
    if profile is not None and ERASING not in profile:
        return AccountStatus(user_id, "active", {})
    erasure = find_erasure(table, user_id) if profile is not None else None
    if erasure is not None:
        return AccountStatus(user_id, "erasing", erasure.left)
    erased = table.get(user_pk(user_id), ERASED_SK)
    if erased is None or erased["expires_at"] <= clock.now_s():
        raise no_such_user(user_id)
    return AccountStatus(user_id, "erased", {})


def find_erasure(table: Table, user_id: str) -> Erasure | None:
    """The erasure of an account that is under way, or None."""
    item = table.get(ERASURES_PK, user_id)
    return None if item is None else erasure_of(item)


def erasure_of(item: Item) -> Erasure:
    """The erasure in an item."""
    return msgspec.convert(item, Erasure)


def no_such_user(user_id: str) -> NoSuchUser:
    """What is said of an account that is not there, or is another user's."""
    return NoSuchUser("there is no such user", user_id=user_id)


def _is_begun(table: Table, user_id: str, audit: Audit) -> bool:
    """Begin unless it is begun; False when something else changed at the same moment."""
    profile = table.get(user_pk(user_id), PROFILE_SK)
    if profile is None:
        raise no_such_user(user_id)
    if ERASING in profile:
        return True
    now = clock.now_us()
    begun = Erasure(
        user_id=user_id,
        begun_us=now,
        quiet_us=now,
        kept_days=audit.kept_days,
        left={"account": 1},
    )
    transaction = table.transaction()
    if profile["admin"]:
        # Two who erase each other at the same moment must not both succeed.
        transaction.check(
            _another_admin(table, user_id), PROFILE_SK, must_exist=True, unless=ERASING
        )
    change = {ERASING: now}
    transaction.update(
        Update(user_pk(user_id), PROFILE_SK, set=change, must_exist=True, only_if={ERASING: None})
    )
    transaction.put({"pk": ERASURES_PK, "sk": user_id, **msgspec.to_builtins(begun)})
    transaction.put(audit.entry("erasure.begun", user_id))
    try:
        commit(transaction)
    except TransactionLost as exc:
        if CONDITION not in exc.reasons:
            raise
        return False
    return True


def _another_admin(table: Table, user_id: str) -> str:
    """The partition of another administrator; the eldest come first. Raises LastAdmin."""
    for item in table.query(USERS_PK):
        if item["admin"] and item["user_id"] != user_id:
            profile = table.get(user_pk(item["user_id"]), PROFILE_SK)
            if profile is not None and ERASING not in profile:
                return user_pk(item["user_id"])
    raise LastAdmin("this is the last administrator; make another one first")
