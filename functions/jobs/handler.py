"""`/api/jobs*` and `/jobs/*`: translates HTTP to calls of `shared.jobs`."""

from typing import Any

from functions.jobs import callbacks, dead_letters, routes
from functions.jobs.wiring import idempotency
from shared.http import create_app, serve

app = create_app(
    "Jobs", routes.router, callbacks.router, dead_letters.router, idempotency=idempotency
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
