"""`/usage*`: translates HTTP to calls of `shared.usage`."""

from typing import Any

from functions.usage import comparing, exporting, routes
from shared.http import create_app, serve

app = create_app("Usage", routes.router, comparing.router, exporting.router)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
