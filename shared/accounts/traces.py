"""What accounts keep of a user apart from the account itself: tokens and the webhook secret."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from shared.accounts.keys import ERASED_SK, PROFILE_SK, TOKEN_PREFIX, user_pk
from shared.accounts.lineage import CONDITION
from shared.accounts.revocation import KILLED_AT_ONCE, end_tokens
from shared.aws import Table, TransactionLost
from shared.traces import Items, Place


def account_traces(table: Table) -> tuple[Place, ...]:
    """Every place, for `shared.traces`; tokens first."""
    spare = (PROFILE_SK, ERASED_SK)
    return (Tokens(table), Items(table, "secrets", user_pk("{}"), spare=spare))


class Tokens(msgspec.Struct, frozen=True):
    """A user's tokens."""

    table: Table
    kind: str = "tokens"

    def some(self, user_id: str, /) -> Sequence[Any]:
        """Tokens as they are listed."""
        listed = self.table.query(user_pk(user_id), prefix=TOKEN_PREFIX, limit=KILLED_AT_ONCE)
        return list(islice(listed, KILLED_AT_ONCE))

    def remove(self, _user_id: str, found: Sequence[Any], /) -> None:
        """End them; where another call has just ended one, the next look shows the others."""
        try:
            end_tokens(self.table, list(found))
        except TransactionLost as exc:
            if CONDITION not in exc.reasons:
                raise
