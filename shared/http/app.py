"""Makes an endpoint group's FastAPI app and serves Lambda events with it.

An app has no state of its own: settings and clients are reached through
dependencies, at the first request, so that importing an app is pure.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter

from shared.aws import Table
from shared.config import read_settings
from shared.http.direct import DirectApp
from shared.http.events import HttpEvent, ran_through
from shared.http.problems import install_problem_handlers
from shared.http.rates import RateLimits, RateSettings
from shared.http.request_log import RequestLog
from shared.http.snapshots import prepare_for_snapshots
from shared.idempotency import IdempotencyStore
from shared.observability import logger

_DIED: dict[str, Any] = {
    "statusCode": 500,
    "body": "Internal Server Error",
    "headers": {"content-type": "text/plain; charset=utf-8"},
    "isBase64Encoded": False,
}


def create_app(
    title: str, *routers: APIRouter, idempotency: Callable[[], IdempotencyStore] | None = None
) -> DirectApp:
    """An app of the given routers with the shared envelope.

    `idempotency` gives the store behind `Idempotency-Key`; without one, no route of
    the app may be marked `@creates`, and its callers are held to no rate.
    """
    app = DirectApp(
        title=title,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Nothing listens; without this FastAPI looks for a listener at each request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.idempotency = idempotency
    app.state.rates = (lambda: _rates(idempotency().table)) if idempotency else None
    install_problem_handlers(app)
    for router in routers:
        # Routers that are included have each of their routes made once more, at the first request.
        app.router.routes.extend(router.routes)
    prepare_for_snapshots(app)
    return app


def _rates(table: Table) -> RateLimits:
    return RateLimits(table, read_settings(RateSettings))


def serve(app: DirectApp, event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one API Gateway (HTTP API, payload 2.0) event with the app."""
    request = HttpEvent(event, context)
    try:
        answer = ran_through(_request_log(app).answer(request.scope, request.receive))
    except BaseException:
        # The last resort, also for what ends a process: the caller is to hear something.
        logger().exception("request_died")
        return dict(_DIED)
    return request.answered(answer.status, answer.headers, answer.body)


@cache
def _request_log(app: DirectApp) -> RequestLog:
    return RequestLog(app)
