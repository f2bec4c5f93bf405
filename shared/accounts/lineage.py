"""Which token made which: a token never outlives the one that made it, and can be revoked with it.

`TOKEN_ID#<maker> / CHILD#<child>` is there as long as the child lives, or anything that it
made. It is written in the child's own transaction, on condition that the maker is alive: a
call that revokes a token first and looks for its children then has found them all.
"""

import msgspec

from shared import clock
from shared.accounts.errors import TokenOutlivesMaker
from shared.accounts.keys import TOKEN_SK, child_sk, token_id_pk
from shared.aws import Item, Table, Transaction, TransactionLost
from shared.clock import SECOND_US
from shared.errors import Unauthenticated

CONDITION = "ConditionalCheckFailed"
REVOKED = "revoked_us"
# An expired token stays in its owner's list for a while: it answers "why was I refused?".
LISTED_AFTER_EXPIRY_US = 30 * 86_400 * SECOND_US
_PAUSES_S = (0.05, 0.1, 0.2, 0.4)


class Maker(msgspec.Struct, frozen=True):
    """A live token that makes others."""

    token_id: str
    expires_us: int | None

    def check_outlives(self, expires_us: int | None) -> None:
        """Raises TokenOutlivesMaker for a token that is valid until then (None: for ever)."""
        if self.expires_us is None or (expires_us is not None and expires_us <= self.expires_us):
            return
        end = clock.iso(self.expires_us)
        raise TokenOutlivesMaker(
            f"the token that makes it ends at {end}: let the new one end by then "
            "(expires_in_s), or make it with a token that lasts longer",
            expires_at=end,
        )

    def join(self, transaction: Transaction, child: str, facts: Item) -> None:
        """Have a transaction make a child of this token, on condition that this one is alive.

        To be called first: `was_revoked` looks at the first reason.
        """
        self.require(transaction)
        place = {"pk": token_id_pk(self.token_id), "sk": child_sk(child)}
        transaction.put(place | facts)

    def require(self, transaction: Transaction) -> None:
        """Have a transaction happen only while this token is alive; to be called first."""
        transaction.check(token_id_pk(self.token_id), TOKEN_SK, must_exist=True, unless=REVOKED)


def find_maker(table: Table, token_id: str) -> Maker:
    """The token of a call that makes others. Raises Unauthenticated when it is dead by now.

    The authorizer's answer may be up to a minute old, and what is made would last longer.
    """
    item = table.get(token_id_pk(token_id), TOKEN_SK)
    if item is None or REVOKED in item:
        raise dead_maker()
    expires_us = _expiry(item)
    if expires_us is not None and expires_us <= clock.now_us():
        raise dead_maker()
    return Maker(token_id, expires_us)


def dead_maker() -> Unauthenticated:
    """What a call gets whose token has died since it was let in."""
    return Unauthenticated("the token of this call was revoked, or has expired")


def was_revoked(maker: Maker | None, lost: TransactionLost) -> bool:
    """Whether a transaction that a maker joined was lost because the maker is dead."""
    return maker is not None and lost.reasons[:1] == (CONDITION,)


def commit(transaction: Transaction) -> None:
    """Carry a transaction out, again when it only met another write. Raises TransactionLost."""
    for pause_s in (*_PAUSES_S, None):
        try:
            transaction.commit()
        except TransactionLost as exc:
            if not exc.only_crossed or pause_s is None:
                raise
            clock.sleep(pause_s)
        else:
            return


def _expiry(item: Item) -> int | None:
    if "expires_us" in item:
        expires_us: int | None = item["expires_us"]
        return expires_us
    # Tokens of earlier versions say only until when they are listed.
    listed_until_s = item.get("expires_at")
    return None if listed_until_s is None else listed_until_s * SECOND_US - LISTED_AFTER_EXPIRY_US
