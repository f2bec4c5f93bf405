"""The tokens of users: issued once, listed without their secret, revoked for good.

A token is three items: by digest (what the authorizer reads), in its user's list,
and by its public id (whose it is). They are written and deleted in one transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared import clock, ids
from shared.accounts.errors import TokenNotFound
from shared.accounts.keys import (
    TOKEN_PREFIX,
    TOKEN_SK,
    token_id_pk,
    token_pk,
    user_pk,
    user_token_sk,
)
from shared.aws import Item, Table
from shared.clock import DAY_US, SECOND_US

TokenKind = Literal["user", "api_key"]
_PREFIXES: dict[TokenKind, str] = {"user": "eyt", "api_key": "eyk"}
# An expired token stays in its owner's list for a while: it answers "why was I refused?".
_LISTED_AFTER_EXPIRY_US = 30 * DAY_US


@dataclass(frozen=True)
class Token:
    """A token as its owner sees it; the secret is known only by its last four characters."""

    token_id: str
    user_id: str
    kind: TokenKind
    name: str | None
    last_four: str
    created_us: int
    expires_us: int | None
    last_used_us: int | None


@dataclass(frozen=True)
class IssuedToken:
    """A new token with its secret, which nobody can read again."""

    token: Token
    secret: str


@dataclass(frozen=True)
class TokenRequest:
    """What a new token shall be. The same `token_id` again replaces the token of the first time."""

    token_id: str
    user_id: str
    tenant: str
    admin: bool
    kind: TokenKind = "user"
    name: str | None = None
    expires_us: int | None = None


def issue_token(table: Table, request: TokenRequest) -> IssuedToken:
    """A new token. Raises Unavailable.

    The key of repetition is `token_id`: a call that was cut off before its answer is
    carried out again with a fresh secret, and the one that nobody saw dies.
    """
    secret = ids.new_token(_PREFIXES[request.kind])
    token = _new_token(request, secret)
    transaction = table.transaction()
    unseen = table.get(user_pk(request.user_id), user_token_sk(request.token_id))
    if unseen is not None:
        transaction.delete(token_pk(unseen["digest"]), TOKEN_SK)
    for item in _items(token, request, ids.token_digest(secret)):
        transaction.put(item)
    transaction.commit()
    return IssuedToken(token, secret)


def list_tokens(table: Table, user_id: str, *, after: str | None, limit: int) -> Iterator[Token]:
    """A user's tokens, newest first, beginning beyond the token id `after`."""
    start = user_token_sk(after) if after else None
    found = table.query(
        user_pk(user_id), prefix=TOKEN_PREFIX, descending=True, limit=limit, after=start
    )
    return (_token(item) for item in found if not _is_forgotten(item))


def find_token(table: Table, user_id: str, token_id: str) -> Token:
    """One of a user's tokens. Raises TokenNotFound."""
    return _token(_listed(table, user_id, token_id))


def revoke_token(table: Table, token_id: str, *, owner: str | None) -> None:
    """End a token; `owner` None takes it from whomever it belongs to. Raises TokenNotFound."""
    held = table.get(token_id_pk(token_id), TOKEN_SK)
    if held is None or owner not in (None, held["user_id"]):
        raise _not_found(token_id)
    listed = _listed(table, held["user_id"], token_id)
    transaction = table.transaction()
    transaction.delete(token_pk(listed["digest"]), TOKEN_SK)
    transaction.delete(user_pk(held["user_id"]), user_token_sk(token_id))
    transaction.delete(token_id_pk(token_id), TOKEN_SK)
    transaction.commit()


def _listed(table: Table, user_id: str, token_id: str) -> Item:
    item = table.get(user_pk(user_id), user_token_sk(token_id))
    if item is None or _is_forgotten(item):
        raise _not_found(token_id)
    return item


def _not_found(token_id: str) -> TokenNotFound:
    return TokenNotFound("there is no such token of yours", token_id=token_id)


def _is_forgotten(item: Item) -> bool:
    expires_at = item.get("expires_at")
    return expires_at is not None and expires_at <= clock.now_s()


def _new_token(request: TokenRequest, secret: str) -> Token:
    return Token(
        request.token_id,
        request.user_id,
        request.kind,
        request.name,
        secret[-4:],
        clock.now_us(),
        request.expires_us,
        None,
    )


def _items(token: Token, request: TokenRequest, digest: str) -> tuple[Item, Item, Item]:
    facts: Item = {
        "kind": token.kind,
        "user_id": token.user_id,
        "token_id": token.token_id,
        "name": token.name,
        "last_four": token.last_four,
        "created_us": token.created_us,
        "expires_us": token.expires_us,
        "last_used_us": None,
    }
    rights: Item = {"tenant": request.tenant, "admin": request.admin}
    forgotten = _ttl(token.expires_us, _LISTED_AFTER_EXPIRY_US)
    return (
        {"pk": token_pk(digest), "sk": TOKEN_SK, **facts, **rights, **_ttl(token.expires_us, 0)},
        {
            "pk": user_pk(token.user_id),
            "sk": user_token_sk(token.token_id),
            "digest": digest,
            **facts,
            **forgotten,
        },
        {"pk": token_id_pk(token.token_id), "sk": TOKEN_SK, "user_id": token.user_id, **forgotten},
    )


def _ttl(expires_us: int | None, grace_us: int) -> Item:
    return {} if expires_us is None else {"expires_at": (expires_us + grace_us) // SECOND_US + 1}


def _token(item: Item) -> Token:
    return Token(
        item["token_id"],
        item["user_id"],
        item["kind"],
        item["name"],
        item["last_four"],
        item["created_us"],
        item["expires_us"],
        item["last_used_us"],
    )
