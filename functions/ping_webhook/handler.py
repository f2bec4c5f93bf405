"""`POST /accounts/webhook_test`: translates HTTP to a ping.

A function of its own, because it talks to servers that users name: it may reach nothing
but signing secrets and what is known of users' URLs (docs/decisions/0017-webhook-pings.md).
"""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from fastapi import APIRouter

from functions.ping_webhook.schemas import PingBody, WebhookPingAnswer
from shared.accounts import webhook_secrets
from shared.aws import Table
from shared.callbacks import CallbackUrls, Pings, Sender
from shared.config import read_settings
from shared.http import CurrentUser, UserRoute, create_app, described, serve


@dataclass(frozen=True)
class Settings:
    """Where signing secrets are, and what is known of users' URLs."""

    accounts_table: str
    jobs_table: str
    callback_allow_private: bool


router = APIRouter(prefix="/accounts", tags=["Accounts"], route_class=UserRoute)


@router.post(
    "/webhook_test",
    summary="Send a test webhook",
    response_model=WebhookPingAnswer,
    responses=described(429, "More than ten pings within a minute (`too_many_pings`)."),
)
async def post_webhook_test(body: PingBody, user: CurrentUser) -> WebhookPingAnswer:
    """Sends one signed `webhook.ping` to the URL and reports the outcome.

    A URL to which callbacks may not go is refused with 422 `callback_url_refused`. An answer of 2xx
    enables a URL again that was disabled by an answer of 410.
    """
    pinged = _pings().ping(user.user_id, body.url)
    return WebhookPingAnswer(
        ok=pinged.ok,
        status_code=pinged.status_code,
        error=pinged.error,
        duration_ms=pinged.duration_ms,
        webhook_id=pinged.webhook_id,
    )


app = create_app("Pings", router)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)


@cache
def _pings() -> Pings:
    settings = read_settings(Settings)
    accounts, jobs = Table(settings.accounts_table), Table(settings.jobs_table)
    sender = Sender(partial(webhook_secrets, accounts), settings.callback_allow_private)
    return Pings(CallbackUrls(jobs), sender)
