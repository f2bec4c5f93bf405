"""The endpoints of tokens: issue, list, revoke."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from functions.accounts import wiring
from functions.accounts.schemas import NewTokenAnswer, NewTokenBody, TokenEntry
from functions.accounts.views import issued_token, token_entry
from shared import ids
from shared.accounts import (
    TokenRequest,
    UserNotFound,
    find_maker,
    find_user,
    issue_token,
    list_tokens,
    revoke_token,
)
from shared.clock import SECOND_US
from shared.http import (
    Caller,
    CurrentUser,
    Cursors,
    Page,
    PageLimit,
    Repeatable,
    RepeatableCall,
    TokenIdInPath,
    UserId,
    UserRoute,
    creates,
    described,
    key_form,
    page_of,
    up_to,
)

router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=UserRoute)

_POSITION = key_form(f"tok_{ids.ULID_FORM}")
OTHERS = described(403, "Only administrators may do this for another user (`forbidden`).")


@router.post(
    "/tokens",
    status_code=201,
    summary="Issue a token or an API key",
    response_model=NewTokenAnswer,
    responses={
        **OTHERS,
        **described(409, "A call with the same `Idempotency-Key` is still running."),
    },
)
@creates(secrets=("token",))
async def post_token(body: NewTokenBody, user: CurrentUser, call: RepeatableCall) -> dict[str, Any]:
    """The secret is shown once. An API key never carries administrator's rights.

    `scope`: `full` may all that the user may, `read` every GET of one's own, dry runs and
    `POST /usage/gate`, `ingest` append and import, `metrics` `/metrics*`; each may
    `GET /accounts/me`. Else 403 `forbidden` with `required_scope`, before anything else is looked
    at. A token may not outlive the one that makes it: 422 `token_outlives_maker`, also for a token
    without expiry made by one with an expiry. An unknown `user_id`: 422 `user_not_found`.
    """
    maker = find_maker(wiring.accounts(), user.token_id)
    request = _token_request(body, user, call)
    issued = issue_token(
        wiring.accounts(), request, maker=maker, audit=wiring.audit(user, call.started_us)
    )
    return issued_token(issued)


@router.get("/tokens", summary="List tokens", response_model=Page[TokenEntry], responses=OTHERS)
async def get_tokens(
    user: CurrentUser,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
    user_id: Annotated[
        UserId | None, Query(description="The user whose tokens are listed; for administrators.")
    ] = None,
) -> Page[TokenEntry]:
    """Tokens newest first, never with their secret; expired ones stay listed for 30 days."""
    owner = _owner(user, user_id)
    cursors = Cursors[str](("accounts.tokens", user.user_id, owner), _POSITION)
    after = cursors.read(cursor)
    listed = list_tokens(wiring.accounts(), owner, after=after, limit=limit + 1)
    found, more = up_to(limit, listed)
    next_cursor = cursors.write(found[-1].token_id) if more else None
    return Page[TokenEntry](**page_of([token_entry(token) for token in found], next_cursor))


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    summary="Revoke a token",
    responses=described(404, "You have no such token (`token_not_found`)."),
)
async def delete_token(
    user: CurrentUser,
    token_id: TokenIdInPath,
    children: Annotated[
        bool, Query(description="Also revoke the tokens that it made, and those that they made.")
    ] = False,
) -> None:
    """The token is refused everywhere within 60 s. Administrators may revoke every token.

    With `children=1` its descendants are revoked too, tokens of devices included; the token itself
    may have been revoked up to 30 days ago. A tree that is too large for one call answers 503: the
    rest is revoked within minutes, and repeating the call answers 204 or 404 when it is done.
    """
    revoke_token(
        wiring.accounts(),
        token_id,
        owner=None if user.admin else user.user_id,
        children=children,
        audit=wiring.audit(user),
        may_go_on=wiring.for_a_while(),
    )


def _owner(user: Caller, user_id: str | None) -> str:
    if user_id is not None and user_id != user.user_id:
        user.require_admin()
    return user_id or user.user_id


def _token_request(body: NewTokenBody, caller: Caller, call: Repeatable) -> TokenRequest:
    """What the new token may do is never more than what the calling one may."""
    owner = _owner(caller, body.user_id)
    user = find_user(wiring.accounts(), owner)
    if user is None:
        raise UserNotFound("there is no such user", user_id=owner)
    scope = body.scope or "full"
    life_us = None if body.expires_in_s is None else body.expires_in_s * SECOND_US
    return TokenRequest(
        f"tok_{call.ulid('token')}",
        user.user_id,
        user.tenant,
        caller.admin and user.admin and body.kind == "user" and scope == "full",
        kind=body.kind,
        name=body.name,
        expires_us=None if life_us is None else call.started_us + life_us,
        scope=scope,
    )
