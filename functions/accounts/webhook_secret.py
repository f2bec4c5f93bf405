"""The endpoints of the secret that signs callbacks."""

from fastapi import APIRouter

from functions.accounts import wiring
from functions.accounts.schemas import RotatedSecretAnswer, WebhookSecretAnswer
from shared import clock
from shared.accounts import rotate_webhook_secret, webhook_secrets
from shared.http import CurrentUser, RepeatableCall, UserRoute, creates, described

router = APIRouter(prefix="/accounts/webhook_secret", tags=["Accounts"], route_class=UserRoute)


@router.get("", summary="Read the signing secret", response_model=WebhookSecretAnswer)
async def get_webhook_secret(user: CurrentUser) -> WebhookSecretAnswer:
    """The secret of this account (Standard Webhooks 1.0); the first call creates it."""
    return WebhookSecretAnswer(secret=webhook_secrets(wiring.accounts(), user.user_id)[0])


@router.post(
    "/rotate",
    summary="Replace the signing secret",
    response_model=RotatedSecretAnswer,
    responses=described(
        409, "Another rotation is running, or a call with the same `Idempotency-Key`."
    ),
)
@creates(secrets=("secret",))
async def post_rotate(user: CurrentUser, call: RepeatableCall) -> RotatedSecretAnswer:
    """For the next 24 h callbacks are signed with the new and with the old secret."""
    rotated = rotate_webhook_secret(
        wiring.accounts(),
        user.user_id,
        rotation=call.ulid("rotation"),
        audit=wiring.audit(user, call.started_us),
    )
    return RotatedSecretAnswer(
        secret=rotated.secret,
        previous_valid_until=clock.iso(rotated.previous_valid_until_us),
    )
