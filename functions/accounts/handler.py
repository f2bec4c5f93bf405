"""`/accounts/*`: translates HTTP to calls of `shared.accounts`."""

from typing import Any

from functions.accounts import audit, erasure, me, tokens, users, webhook_secret
from functions.accounts.wiring import idempotency
from shared.http import create_app, serve

app = create_app(
    "Accounts",
    me.router,
    users.router,
    erasure.router,
    tokens.router,
    webhook_secret.router,
    audit.router,
    idempotency=idempotency,
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
