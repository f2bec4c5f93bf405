"""`/user/data/*`: translates HTTP to calls of `shared.datasets`."""

from typing import Any

from functions.datasets.metrics import router as metrics_router
from functions.datasets.routes import router
from functions.datasets.wiring import Settings, idempotency
from shared.config import read_settings
from shared.deadlines import answered_within
from shared.http import create_app, serve

app = create_app("Datasets", router, metrics_router, idempotency=idempotency)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway event."""
    with answered_within(read_settings(Settings).query_seconds):
        return serve(app, event, context)
