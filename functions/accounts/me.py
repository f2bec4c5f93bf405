"""The endpoint that says who is calling, to every token of a user."""

from fastapi import APIRouter

from functions.accounts import wiring
from functions.accounts.schemas import MeAnswer
from functions.accounts.views import limits
from shared import clock
from shared.accounts import TokenNotFound, find_token
from shared.errors import Unauthenticated
from shared.http import CurrentUser, TokenRoute

router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=TokenRoute)


@router.get("/me", summary="Who is calling", response_model=MeAnswer)
async def get_me(user: CurrentUser) -> MeAnswer:
    """The user and the token of this call, and the limits that hold for them.

    Every token of a user may ask, whatever its scope; an API key, too, in the header
    `X-User-Token`.
    """
    try:
        token = find_token(wiring.accounts(), user.user_id, user.token_id)
    except TokenNotFound as exc:
        # It was revoked since the authorizer let it in.
        raise Unauthenticated("the token of this call was revoked") from exc
    return MeAnswer(
        user_id=user.user_id,
        tenant=user.tenant,
        admin=user.admin,
        token_id=user.token_id,
        scope=user.scope,
        created_at=clock.iso(token.created_us),
        expires_at=clock.iso_or_none(token.expires_us),
        limits=limits(),
    )
