"""`/usage*`: translates HTTP to calls of `shared.usage` and `shared.imports`."""

from typing import Any

from functions.usage import baselines, comparing, exporting, gating, importing, routes
from functions.usage.wiring import Settings, idempotency
from shared.config import read_settings
from shared.deadlines import answered_within
from shared.http import create_app, serve

app = create_app(
    "Usage",
    routes.router,
    comparing.router,
    exporting.router,
    importing.router,
    baselines.router,
    gating.router,
    idempotency=idempotency,
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    with answered_within(read_settings(Settings).query_seconds):
        return serve(app, event, context)
