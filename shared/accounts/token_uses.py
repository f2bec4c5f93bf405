"""When tokens were last used, to the hour: noticed by the authorizer, written apart from it."""

import msgspec

from shared import clock
from shared.accounts.credentials import Credential
from shared.accounts.keys import TOKEN_SK, token_pk, user_pk, user_token_sk
from shared.aws import ConditionFailed, Item, Table, Update
from shared.clock import SECOND_US

_NOTICED_EVERY_US = 3_600 * SECOND_US


class TokenUse(msgspec.Struct, frozen=True):
    """A token, by its digest, was used at an instant."""

    digest: str
    at_us: int


def needs_recording(credential: Credential) -> bool:
    """Whether a use of this credential is worth a write: when a device's was used is never read."""
    stale = credential.last_used_us <= clock.now_us() - _NOTICED_EVERY_US
    return stale and credential.kind != "device"


def record_token_use(table: Table, use: TokenUse) -> bool:
    """Keep the later of this use and the one known; False where the token is gone.

    The same use again, or an older one after a newer, changes nothing. Raises Unavailable.
    """
    token = table.get(token_pk(use.digest), TOKEN_SK)
    if token is None:
        return False
    for pk, sk in _places(token):
        _keep_later(table, pk, sk, use.at_us)
    return True


def _places(token: Item) -> tuple[tuple[str, str], ...]:
    listed = (user_pk(token["user_id"]), user_token_sk(token["token_id"]))
    return ((token["pk"], token["sk"]), listed)


def _keep_later(table: Table, pk: str, sk: str, at_us: int) -> None:
    older = "attribute_type(last_used_us, :null) OR last_used_us < :at"
    values = {":null": "NULL", ":at": at_us}
    update = Update(
        pk, sk, set={"last_used_us": at_us}, must_exist=True, extra_condition=older, values=values
    )
    try:
        table.update(update)
    except ConditionFailed:
        return
