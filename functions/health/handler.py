"""`/ping`, `/health`, `/docs`, `/openapi.json`, and 404 for every path that no function serves."""

from typing import Any

from functions.health import docs, routes
from shared.http import create_app, serve

app = create_app("Health", routes.router, docs.router)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
