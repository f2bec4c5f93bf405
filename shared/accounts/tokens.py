"""The tokens of users: issued once, listed without their secret.

A token is three items: by digest (what the authorizer reads), in its user's list,
and by its public id (whose it is). They are written and ended in one transaction
(`shared.accounts.revocation` ends them).
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from shared import clock, ids
from shared.accounts.audit import Audit
from shared.accounts.credentials import FULL
from shared.accounts.errors import TokenNotFound, UserErasing
from shared.accounts.keys import (
    PROFILE_SK,
    TOKEN_PREFIX,
    TOKEN_SK,
    token_id_pk,
    token_pk,
    user_pk,
    user_token_sk,
)
from shared.accounts.lineage import (
    CONDITION,
    LISTED_AFTER_EXPIRY_US,
    REVOKED,
    Maker,
    commit,
    dead_maker,
    was_revoked,
)
from shared.accounts.users import ERASING
from shared.aws import Item, Table, Transaction, TransactionLost
from shared.clock import SECOND_US
from shared.errors import Conflict, EvalyardError

TokenKind = Literal["user", "api_key"]
_PREFIXES: dict[TokenKind, str] = {"user": "eyt", "api_key": "eyk"}


class Token(msgspec.Struct, frozen=True):
    """A token as its owner sees it; the secret is known only by its last four characters.

    `created_by` is the id of the token that made it; None: it was made outside the API, or
    before this was noted.
    """

    token_id: str
    user_id: str
    kind: TokenKind
    name: str | None
    last_four: str
    created_us: int
    expires_us: int | None
    last_used_us: int | None
    created_by: str | None = None
    scope: str = FULL


class IssuedToken(msgspec.Struct, frozen=True):
    """A new token with its secret, which cannot be read again."""

    token: Token
    secret: str


class TokenRequest(msgspec.Struct, frozen=True):
    """The properties of a new token. The same `token_id` again replaces the first token."""

    token_id: str
    user_id: str
    tenant: str
    admin: bool
    kind: TokenKind = "user"
    name: str | None = None
    expires_us: int | None = None
    scope: str = FULL


def issue_token(
    table: Table, request: TokenRequest, *, maker: Maker | None = None, audit: Audit | None = None
) -> IssuedToken:
    """A new token, which `maker` made. Raises TokenOutlivesMaker, Unauthenticated where the
    maker is dead by now, UserErasing, Conflict, Unavailable.

    The key of repetition is `token_id`: a call that was cut off before its answer is
    carried out again with a fresh secret, and the one that was never seen dies.
    """
    if maker is not None:
        maker.check_outlives(request.expires_us)
    secret = ids.new_token(_PREFIXES[request.kind])
    unseen = table.get(user_pk(request.user_id), user_token_sk(request.token_id))
    token = _new_token(request, _first_maker(unseen, maker), secret)
    transaction = table.transaction()
    if maker is not None:
        _join(transaction, maker, token)
    if unseen is not None:
        transaction.delete(token_pk(unseen["digest"]), TOKEN_SK)
    erasing_at = len(transaction.actions)
    transaction.check(user_pk(request.user_id), PROFILE_SK, unless=ERASING)
    by_digest, listed, by_id = _items(token, request, ids.token_digest(secret))
    transaction.put(by_digest)
    transaction.put(listed)
    # The same id again after it was revoked would bring a dead token back to life.
    transaction.put(by_id, unless=REVOKED)
    made = {"user_id": token.user_id, "kind": token.kind, "name": token.name, "scope": token.scope}
    transaction.put((audit or Audit()).entry("token.created", token.token_id, **made))
    try:
        commit(transaction)
    except TransactionLost as exc:
        raise _refused(exc, maker, erasing_at) from exc
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
    return _token(listed_token(table, user_id, token_id))


def listed_token(table: Table, user_id: str, token_id: str) -> Item:
    """A token's item in its owner's list. Raises TokenNotFound."""
    item = table.get(user_pk(user_id), user_token_sk(token_id))
    if item is None or _is_forgotten(item):
        raise token_not_found(token_id)
    return item


def token_not_found(token_id: str) -> TokenNotFound:
    """What is said of a token that is not there, or is another user's."""
    return TokenNotFound("you have no such token", token_id=token_id)


def _is_forgotten(item: Item) -> bool:
    expires_at = item.get("expires_at")
    return expires_at is not None and expires_at <= clock.now_s()


def _first_maker(unseen: Item | None, maker: Maker | None) -> str | None:
    """Who made the token first: a call that is carried out again by another token of the same
    user replaces the secret, not the lineage.
    """
    if unseen is not None:
        first: str | None = unseen.get("created_by")
        return first
    return None if maker is None else maker.token_id


def _join(transaction: Transaction, maker: Maker, token: Token) -> None:
    if maker.token_id == token.token_id:
        raise Conflict("this call made the token that it came with; use another Idempotency-Key")
    if token.created_by == maker.token_id:
        listed = _ttl(token.expires_us, LISTED_AFTER_EXPIRY_US)
        maker.join(transaction, token.token_id, {"user_id": token.user_id} | listed)
    else:
        maker.require(transaction)


def _refused(lost: TransactionLost, maker: Maker | None, erasing_at: int) -> EvalyardError:
    """Why the token could not be issued."""
    if was_revoked(maker, lost):
        return dead_maker()
    if lost.reasons[erasing_at : erasing_at + 1] == (CONDITION,):
        return UserErasing("this user is being erased")
    if CONDITION in lost.reasons:
        return Conflict("this token was revoked before its call was carried out to the end")
    return lost


def _new_token(request: TokenRequest, created_by: str | None, secret: str) -> Token:
    return Token(
        request.token_id,
        request.user_id,
        request.kind,
        request.name,
        secret[-4:],
        clock.now_us(),
        request.expires_us,
        None,
        created_by,
        request.scope,
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
        "created_by": token.created_by,
        "scope": token.scope,
    }
    rights: Item = {"tenant": request.tenant, "admin": request.admin}
    forgotten = _ttl(token.expires_us, LISTED_AFTER_EXPIRY_US)
    return (
        {"pk": token_pk(digest), "sk": TOKEN_SK, **facts, **rights, **_ttl(token.expires_us, 0)},
        {
            "pk": user_pk(token.user_id),
            "sk": user_token_sk(token.token_id),
            "digest": digest,
            **facts,
            **forgotten,
        },
        {
            "pk": token_id_pk(token.token_id),
            "sk": TOKEN_SK,
            "user_id": token.user_id,
            "expires_us": token.expires_us,
            **forgotten,
        },
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
        item.get("created_by"),
        item.get("scope", FULL),
    )
