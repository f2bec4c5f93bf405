"""Users: who exists, in which tenant, and who administrates."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared import ids
from shared.accounts.errors import UserExists
from shared.accounts.keys import PROFILE_SK, USERS_PK, user_pk
from shared.aws import Item, Table, TransactionLost

_TAKEN = "ConditionalCheckFailed"


@dataclass(frozen=True)
class User:
    """A user; `created` is the ULID of their creation, by which users are listed."""

    user_id: str
    tenant: str
    admin: bool
    created: str

    @property
    def created_us(self) -> int:
        """When the user was made, to the millisecond."""
        return ids.ulid_time_us(self.created)


def create_user(table: Table, user: User) -> None:
    """Make a user, who has no token yet. Raises UserExists, Unavailable.

    The key of repetition is `created`: the same call carried out again finds its own user.
    """
    transaction = table.transaction()
    transaction.put(_item(user, user_pk(user.user_id), PROFILE_SK), only_new=True)
    transaction.put(_item(user, USERS_PK, user.created))
    try:
        transaction.commit()
    except TransactionLost as exc:
        if _TAKEN not in exc.reasons:
            raise
        if find_user(table, user.user_id) != user:
            raise UserExists("this user_id is taken", user_id=user.user_id) from exc


def find_user(table: Table, user_id: str) -> User | None:
    """A user, or None."""
    item = table.get(user_pk(user_id), PROFILE_SK)
    return None if item is None else _user(item)


def list_users(table: Table, *, after: str | None, limit: int) -> Iterator[User]:
    """All users, newest first, beginning beyond the creation `after`."""
    return map(_user, table.query(USERS_PK, descending=True, limit=limit, after=after))


def _item(user: User, pk: str, sk: str) -> Item:
    facts = {"user_id": user.user_id, "tenant": user.tenant, "admin": user.admin}
    return {"pk": pk, "sk": sk, **facts, "created": user.created}


def _user(item: Item) -> User:
    return User(item["user_id"], item["tenant"], item["admin"], item["created"])
