"""The plain port in front of the API: what API Gateway's own URL is on AWS.

Passes any path, method and body up to 10 MB on to the API and adds nothing but the three
`X-Forwarded-…` headers that API Gateway adds. `h11` does the HTTP; bodies are held whole, as
API Gateway holds them, but for the answers of functions that stream (`stream_host`).
"""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import h11

from local.forwarding import Upstream, path_of, refusal, request_upstream, response_downstream
from local.ports import HOST
from local.stream_events import proxy_event, streamed
from local.stream_host import Said, StreamHost
from local.stream_routes import StreamRoute
from local.stream_workers import CallFailedError

MAX_BODY_BYTES = 10 * 1024 * 1024
# API Gateway allows 10,240 bytes of request line and headers together.
_MAX_HEAD_BYTES = 10_240
_READ_BYTES = 65_536
# Requests on their way to functions at a time; more wait here. Each would start a process of its
# own, and on a small machine a crowd of cold starts takes longer than one warm process needs.
AT_A_TIME = max(4, 2 * (os.cpu_count() or 1))
# What is still with a function when the server ends gets this long.
_END_WITHIN_S = 1.0


class FrontPort:
    """A server on a thread of its own."""

    def __init__(
        self, port: int, upstream_port: int, api_id: str, streams: StreamHost | None = None
    ) -> None:
        self.port = port
        self._streams = streams
        self._upstream_port = upstream_port
        self._api_id = api_id
        self._thread = threading.Thread(target=self._run, name="front-port", daemon=True)
        self._started = threading.Event()
        self._failure: OSError | None = None
        self._end: Callable[[], object] = lambda: None
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._serving: dict[asyncio.Task[None], asyncio.WriteTransport] = {}

    def start(self) -> None:
        """Listens; raises OSError when the port is taken after all."""
        self._thread.start()
        self._started.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Ends the server; open connections are dropped."""
        self._end()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except OSError as exc:
            self._failure = exc
        finally:
            self._started.set()

    async def _listen(self) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._end = lambda: loop.call_soon_threadsafe(ended.set)
        server = await asyncio.start_server(self._serve, HOST, self.port, backlog=512)
        self._started.set()
        await ended.wait()
        server.close()
        await self._drop_connections()
        if self._streams is not None:
            await self._streams.stop()

    async def _drop_connections(self) -> None:
        serving = set(self._serving)
        for task in serving:
            self._serving[task].abort()
        if serving:
            await asyncio.wait(serving, timeout=_END_WITHIN_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = Upstream(self._upstream_port, self._api_id, f"{HOST}:{self.port}")
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer.transport
        try:
            await _Conversation(reader, writer, upstream, self._turns, self._streams).hold()
        except (ConnectionError, asyncio.CancelledError):
            # The client went away, or the server ends: no one is left to answer.
            return
        finally:
            del self._serving[task]
            upstream.close()
            writer.close()


class _Conversation:
    """One client's connection: requests one after the other until either side ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: Upstream,
        turns: asyncio.Semaphore,
        streams: StreamHost | None,
    ) -> None:
        self._streams = streams
        self._reader = reader
        self._writer = writer
        self._upstream = upstream
        self._turns = turns
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)

    async def hold(self) -> None:
        """Serves until the client closes or breaks the protocol."""
        while True:
            try:
                if not await self._serve_one():
                    return
            except h11.RemoteProtocolError as exc:
                await self._answer(*refusal(exc.error_status_hint or 400))
                return
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _serve_one(self) -> bool:
        request = await self._event()
        if not isinstance(request, h11.Request):
            return False
        if _head_bytes(request) > _MAX_HEAD_BYTES:
            await self._answer(*refusal(431))
            return False
        body = await self._body(request)
        if body is None:
            await self._answer(*refusal(413))
            return False
        peer = self._writer.get_extra_info("peername")[0]
        path = path_of(request.target)
        if self._streams is not None and path is not None:
            route = await self._streams.route(path)
            if route is not None:
                return await self._stream(self._streams, route, request, body)
        async with self._turns:
            response, content = await request_upstream(self._upstream, request, body, peer)
        await self._answer(response, content)
        return True

    async def _stream(
        self, streams: StreamHost, route: StreamRoute, request: h11.Request, body: bytes
    ) -> bool:
        """Hand an answer on while it is made; whether the connection may be used again."""
        said = streams.call(route.function, proxy_event(request, route, body))
        left = asyncio.ensure_future(self._until_left())
        try:
            return await self._pass_on(said, left, has_body=request.method != b"HEAD")
        except (CallFailedError, OSError):
            # API Gateway's own words where nothing was said; else the answer breaks off.
            await self._answer(*refusal(502))
            return False
        finally:
            left.cancel()
            await asyncio.gather(left, return_exceptions=True)
            await said.aclose()

    async def _pass_on(self, said: Said, left: asyncio.Future[None], *, has_body: bool) -> bool:
        """Until the function is done (True), or the client left. The answer to HEAD is its head."""
        while True:
            coming = asyncio.ensure_future(anext(said, None))
            waiting: set[asyncio.Future[Any]] = {coming, left}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                return False
            piece = coming.result()
            if isinstance(piece, bytes) and not has_body:
                continue
            event = h11.EndOfMessage() if piece is None else streamed(piece)
            self._writer.write(self._http.send(event) or b"")
            await self._writer.drain()
            if piece is None:
                return True

    async def _until_left(self) -> None:
        """Return when the client closes; what it sends meanwhile is its next request."""
        while data := await self._reader.read(_READ_BYTES):
            self._http.receive_data(data)

    async def _body(self, request: h11.Request) -> bytes | None:
        """The whole body; None as soon as it is known to be above the limit."""
        declared = dict(request.headers).get(b"content-length", b"0")
        if int(declared) > MAX_BODY_BYTES:
            return None
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > MAX_BODY_BYTES:
                return None
        return bytes(body)

    async def _event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                self._writer.write(self._http.send(go_on) or b"")
            self._http.receive_data(await self._reader.read(_READ_BYTES))

    async def _answer(self, response: h11.Response, body: bytes) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        for event in response_downstream(response, body):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()


def _head_bytes(request: h11.Request) -> int:
    headers = sum(len(name) + len(value) + 4 for name, value in request.headers)
    return len(request.method) + len(request.target) + headers
