"""What a REST API hands to a function (proxy event, payload 1.0), and on of its answer."""

import base64
import uuid
from typing import Any
from urllib.parse import parse_qsl

import h11

from local.forwarding import path_of
from local.payload_sizes import is_utf8, travels_as_text
from local.stream_routes import StreamRoute
from local.stream_workers import Prelude


def proxy_event(request: h11.Request, route: StreamRoute, body: bytes) -> dict[str, Any]:
    """The event of a request: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html."""
    target = (path_of(request.target) or b"/").decode("latin-1")
    path, _, query = target.partition("?")
    headers = request.headers.raw_items()
    as_text = travels_as_text(headers) and is_utf8(body)
    return {
        "resource": route.resource,
        "path": path,
        "httpMethod": request.method.decode(),
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in headers},
        "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)) or None,
        "requestContext": {"requestId": str(uuid.uuid4()), "resourcePath": route.resource},
        "body": body.decode() if as_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not as_text,
    }


def streamed(piece: Prelude | bytes) -> h11.Event:
    """One part of a streamed answer; without a length it goes out in chunks."""
    if isinstance(piece, bytes):
        return h11.Data(data=piece)
    kept = [(name, value) for name, value in piece.headers.items() if name.lower() not in _OURS]
    return h11.Response(status_code=piece.status, headers=kept)


_OURS = {"content-length", "transfer-encoding", "connection"}
