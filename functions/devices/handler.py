"""`/devices*`: translates HTTP to calls of `shared.devices` and `shared.jobs`."""

from typing import Any

from functions.devices import attempts, changes, fleet, reports
from functions.devices.wiring import idempotency
from shared.http import create_app, serve

app = create_app(
    "Devices",
    fleet.router,
    changes.router,
    reports.router,
    attempts.router,
    idempotency=idempotency,
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
