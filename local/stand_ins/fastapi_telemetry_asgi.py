"""What FastAPI puts around an app for its telemetry, which `create_app` turns off."""

from typing import Any


class ExceptionTelemetryMiddleware:
    """Hands requests on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class NativeTelemetry:
    """Telemetry that is off."""

    def __init__(self, _: object) -> None:
        pass

    def enabled(self) -> bool:
        """Never."""
        return False


def _legacy_otel(_: object) -> bool:
    return False
