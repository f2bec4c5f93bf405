"""In the place of `fastapi.sse`: no route of FastAPI's streams events."""

from typing import Any, NoReturn

from starlette.responses import StreamingResponse

KEEPALIVE_COMMENT = b": ping\n\n"
_PING_INTERVAL = 15.0


class EventSourceResponse(StreamingResponse):
    """What a route that streams events would declare."""


class ServerSentEvent:
    """What such a route would yield."""


def format_sse_event(**_: Any) -> NoReturn:
    """Only routes that stream events come here."""
    raise NotImplementedError("no route streams events")
