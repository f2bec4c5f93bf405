"""Users: who exists, in which tenant, and who administrates."""

from collections.abc import Iterator

import msgspec

from shared import ids
from shared.accounts.audit import Audit
from shared.accounts.errors import UserErasing, UserExists
from shared.accounts.keys import ERASED_SK, PROFILE_SK, USERS_PK, user_pk
from shared.accounts.lineage import CONDITION, Maker, commit, dead_maker, was_revoked
from shared.aws import Item, Table, TransactionLost

# The attribute of a profile whose account is being erased.
ERASING = "erasing_us"


class User(msgspec.Struct, frozen=True):
    """A user; `created` is the ULID of their creation, by which users are listed."""

    user_id: str
    tenant: str
    admin: bool
    created: str

    @property
    def created_us(self) -> int:
        """When the user was made, to the millisecond."""
        return ids.ulid_time_us(self.created)


def create_user(
    table: Table, user: User, *, maker: Maker | None = None, audit: Audit | None = None
) -> None:
    """Make a user, who has no token yet. Raises UserExists, UserErasing, Unauthenticated where
    the token that makes them is dead by now, Unavailable.

    The key of repetition is `created`: the same call carried out again finds its own user.
    """
    transaction = table.transaction()
    if maker is not None:
        maker.require(transaction)
    transaction.put(_item(user, user_pk(user.user_id), PROFILE_SK), only_new=True)
    transaction.put(_item(user, USERS_PK, user.created))
    transaction.delete(user_pk(user.user_id), ERASED_SK)
    made = {"tenant": user.tenant, "admin": user.admin}
    transaction.put((audit or Audit()).entry("user.created", user.user_id, **made))
    try:
        commit(transaction)
    except TransactionLost as exc:
        if was_revoked(maker, exc):
            raise dead_maker() from exc
        if CONDITION not in exc.reasons:
            raise
        _check_own(table, user)


def find_user(table: Table, user_id: str) -> User | None:
    """A user, or None; one who is being erased is gone for every purpose."""
    item = table.get(user_pk(user_id), PROFILE_SK)
    return None if item is None or ERASING in item else user_of(item)


def list_users(table: Table, *, after: str | None, limit: int) -> Iterator[User]:
    """All users, newest first, beginning beyond the creation `after`."""
    return map(user_of, table.query(USERS_PK, descending=True, limit=limit, after=after))


def _check_own(table: Table, user: User) -> None:
    """Raises UserErasing or UserExists unless the user who is there was made by this call."""
    item = table.get(user_pk(user.user_id), PROFILE_SK)
    if item is not None and ERASING in item:
        raise UserErasing(
            "the account that had this user_id is being erased; the id is free again after that",
            user_id=user.user_id,
        )
    if item is None or user_of(item) != user:
        raise UserExists("this user_id is taken", user_id=user.user_id)


def _item(user: User, pk: str, sk: str) -> Item:
    facts = {"user_id": user.user_id, "tenant": user.tenant, "admin": user.admin}
    return {"pk": pk, "sk": sk, **facts, "created": user.created}


def user_of(item: Item) -> User:
    """The user in a profile or in the list."""
    return User(item["user_id"], item["tenant"], item["admin"], item["created"])
