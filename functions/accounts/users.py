"""The endpoints of users: who exists."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from functions.accounts import wiring
from functions.accounts.schemas import NewUserAnswer, NewUserBody, UserEntry
from functions.accounts.views import user_entry
from shared import ids
from shared.accounts import (
    TokenRequest,
    User,
    create_user,
    find_maker,
    issue_token,
    list_users,
)
from shared.clock import SECOND_US
from shared.http import (
    CurrentAdmin,
    Cursors,
    Page,
    PageLimit,
    Repeatable,
    RepeatableCall,
    UserRoute,
    creates,
    described,
    key_form,
    page_of,
    up_to,
)

router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=UserRoute)

_POSITION = key_form(ids.ULID_FORM)
ADMINS_ONLY = described(403, "For administrators only (`forbidden`).")


@router.post(
    "/users",
    status_code=201,
    summary="Create a user (admin)",
    response_model=NewUserAnswer,
    responses={
        **ADMINS_ONLY,
        **described(
            409,
            "The user id is taken (`user_exists`), its earlier account is being "
            "erased (`user_erasing`), or a call with the same `Idempotency-Key` is "
            "still running.",
        ),
    },
)
@creates(secrets=("token",))
async def post_user(
    caller: CurrentAdmin, call: RepeatableCall, body: Annotated[NewUserBody | None, Body()] = None
) -> dict[str, Any]:
    """The token is shown once; a replay by Idempotency-Key leaves it out.

    The first token may not outlive the one that makes it: 422 `token_outlives_maker`.
    """
    body = body or NewUserBody(user_id=None, tenant=None, expires_in_s=None)
    first = _first_token(body, call)
    maker = find_maker(wiring.accounts(), caller.token_id)
    maker.check_outlives(first.expires_us)
    audit = wiring.audit(caller, call.started_us)
    user = User(first.user_id, first.tenant, first.admin, call.ulid("user"))
    create_user(wiring.accounts(), user, maker=maker, audit=audit)
    issued = issue_token(wiring.accounts(), first, maker=maker, audit=audit)
    return {
        "user_id": user.user_id,
        "tenant": user.tenant,
        "admin": user.admin,
        "token": issued.secret,
    }


@router.get(
    "/users", summary="List users (admin)", response_model=Page[UserEntry], responses=ADMINS_ONLY
)
async def get_users(
    user: CurrentAdmin,
    limit: PageLimit = 50,
    cursor: Annotated[
        str | None, Query(description="The `next_cursor` of the page before.")
    ] = None,
) -> Page[UserEntry]:
    """All users, newest first."""
    cursors = Cursors[str](("accounts.users", user.user_id), _POSITION)
    after = cursors.read(cursor)
    found, more = up_to(limit, list_users(wiring.accounts(), after=after, limit=limit + 1))
    next_cursor = cursors.write(found[-1].created) if more else None
    return Page[UserEntry](**page_of([user_entry(one) for one in found], next_cursor))


def _first_token(body: NewUserBody, call: Repeatable) -> TokenRequest:
    user_id = body.user_id or f"user_{call.ulid('user_id').lower()}"
    life_us = None if body.expires_in_s is None else body.expires_in_s * SECOND_US
    return TokenRequest(
        f"tok_{call.ulid('token')}",
        user_id,
        body.tenant or user_id,
        body.admin,
        name="first",
        expires_us=None if life_us is None else call.started_us + life_us,
    )
