"""One request passed on to the API and its answer brought back.

Byte for byte, but for hop-by-hop headers and those that the gateway sets.
"""

import asyncio
import json
import time
from collections.abc import Iterator

import h11

from local.emulator.bodies import AS_BYTES
from local.payload_sizes import answer_fits, event_fits, is_utf8, travels_as_text
from local.ports import HOST

# API Gateway gives an integration 30 s. The functions' own limits are below that, and MiniStack
# enforces them: it ends an invocation at its function's time-out. What takes longer in all waited
# for a cold start on a busy machine, which on AWS it would not; so that is not cut off at 30 s.
_ANSWER_WITHIN_S = 120.0
_READ_BYTES = 65_536
# The server behind ends connections that idle for 5 s; one that old is not used again.
_REUSE_WITHIN_S = 2.0
_MAX_HEAD_BYTES = 1024 * 1024
# RFC 9110, 7.6.1: headers that concern one connection only.
_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
_SET_BY_GATEWAY = {b"host", b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto"}
_MESSAGES = {
    400: "Bad Request",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Internal server error",
    503: "Service Unavailable",
}

Headers = list[tuple[bytes, bytes]]


class Upstream:
    """The API behind the port, over a connection that is kept between requests."""

    def __init__(self, port: int, api_id: str, authority: str) -> None:
        self.prefix = f"/_aws/execute-api/{api_id}/$default".encode()
        self.authority = authority.encode()
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._http: h11.Connection | None = None
        self._used_at = 0.0

    async def send(self, request: h11.Request, body: bytes) -> tuple[h11.Response, bytes]:
        """Raises OSError or h11.RemoteProtocolError when the API is not there."""
        reader, writer, http = await self._connection()
        for event in (request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()):
            writer.write(http.send(event) or b"")
        await writer.drain()
        answer = await _read_answer(reader, http)
        self._used_at = time.monotonic()
        return answer

    async def _connection(
        self,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, h11.Connection]:
        if self._streams and self._http and self._reusable(self._streams[0], self._http):
            self._http.start_next_cycle()
        else:
            self.close()
            self._streams = await asyncio.open_connection(HOST, self._port)
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        return *self._streams, self._http

    def _reusable(self, reader: asyncio.StreamReader, http: h11.Connection) -> bool:
        done = http.our_state is h11.DONE and http.their_state is h11.DONE
        fresh = time.monotonic() - self._used_at < _REUSE_WITHIN_S
        return done and fresh and not reader.at_eof()

    def close(self) -> None:
        """Lets go of the connection."""
        if self._streams:
            self._streams[1].close()
        self._streams = None
        self._http = None


async def request_upstream(
    upstream: Upstream, request: h11.Request, body: bytes, peer: str
) -> tuple[h11.Response, bytes]:
    """The API's answer; 400 for a target that is no path, 503 when there is no answer.

    What Lambda would not take or not pass on is refused as API Gateway does: 413 for the
    request, 500 for the answer.
    """
    path = path_of(request.target)
    if path is None:
        return refusal(400)
    headers = _request_headers(request, upstream.authority, body, peer)
    if not event_fits(path, headers, body):
        return refusal(413)
    passed_on = h11.Request(method=request.method, target=upstream.prefix + path, headers=headers)
    try:
        answer, content = await asyncio.wait_for(upstream.send(passed_on, body), _ANSWER_WITHIN_S)
    except (OSError, h11.ProtocolError, TimeoutError):
        upstream.close()
        return refusal(503)
    return (answer, content) if answer_fits(list(answer.headers), content) else refusal(500)


def response_downstream(response: h11.Response, body: bytes) -> Iterator[h11.Event]:
    """The answer as the client gets it."""
    yield h11.Response(
        status_code=response.status_code, headers=_end_to_end(response.headers.raw_items())
    )
    if body:
        yield h11.Data(data=body)
    yield h11.EndOfMessage()


def refusal(status: int) -> tuple[h11.Response, bytes]:
    """An error in API Gateway's own words."""
    body = json.dumps({"message": _MESSAGES.get(status, "Bad Request")}).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(body)))]
    return h11.Response(status_code=status, headers=headers), body


async def _read_answer(
    reader: asyncio.StreamReader, http: h11.Connection
) -> tuple[h11.Response, bytes]:
    response: h11.Response | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and response:
            return response, bytes(body)
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionError("the API closed the connection")


def path_of(target: bytes) -> bytes | None:
    """Path and query of a request's target; None for one that has none."""
    if target.startswith((b"http://", b"https://")):
        rest = target.split(b"://", 1)[1]
        slash = rest.find(b"/")
        return rest[slash:] if slash >= 0 else b"/"
    return target if target.startswith(b"/") else None


def _request_headers(request: h11.Request, authority: bytes, body: bytes, peer: str) -> Headers:
    kept = [
        (name, value)
        for name, value in _end_to_end(request.headers.raw_items())
        if name.lower() not in _SET_BY_GATEWAY | {b"content-length", b"expect"}
    ]
    if not travels_as_text(kept) or not is_utf8(body):
        kept = [_as_bytes(*header) for header in kept]
    declares_body = {b"content-length", b"transfer-encoding"} & {n for n, _ in request.headers}
    length = [(b"Content-Length", str(len(body)).encode())] if declares_body else []
    return [
        (b"Host", authority),
        *kept,
        *length,
        (b"X-Forwarded-For", peer.encode()),
        (b"X-Forwarded-Port", authority.rsplit(b":", 1)[1]),
        (b"X-Forwarded-Proto", b"http"),
    ]


def _as_bytes(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header of a body that is no text, marked so that MiniStack hands the body over as bytes."""
    return (name, value + AS_BYTES.encode()) if name.lower() == b"content-type" else (name, value)


def _end_to_end(raw: Headers) -> Headers:
    named = {
        token.strip().lower()
        for name, value in raw
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    return [(n, v) for n, v in raw if n.lower() not in _HOP_BY_HOP | named]
