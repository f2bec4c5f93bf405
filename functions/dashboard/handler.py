"""`/` and `/assets/*`: the web app's files."""

from typing import Any

from functions.dashboard import routes
from shared.http import create_app, serve

app = create_app("Dashboard", routes.router)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    return serve(app, event, context)
