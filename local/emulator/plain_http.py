"""HTTP between MiniStack and its clients, for what nearly all of them send.

MiniStack's server, hypercorn, takes a request apart with h11 and spends a task, three locks and two
writes on each: a third of the emulator's time. Here a request that is plain (HTTP/1.1, a known
length, nothing to upgrade to) is read and answered at once, with one write. Whatever else comes is
put back, and hypercorn has the connection from there on, as for WebSockets and chunked bodies.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"/[!-~]*")
# What decides how a body is framed or by whom a connection is served.
_NOT_PLAIN = {b"transfer-encoding", b"upgrade", b"http2-settings"}
_WITHOUT_BODY = {204, 304}
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LOOKS_EVERY_S = 0.2
_log = logging.getLogger("evalyard")


@dataclass(frozen=True)
class Head:
    """What precedes a request's body."""

    method: str
    target: bytes
    headers: Headers
    length: int
    waits: bool
    is_last: bool

    @classmethod
    def read(cls, raw: bytes) -> "Head | None":
        """The head in these bytes, which end with an empty line; None unless it is plain."""
        request, *lines = raw[:-4].split(b"\r\n")
        parts = request.split(b" ")
        if len(parts) != 3 or parts[2] != b"HTTP/1.1" or raw.count(b"\n") != len(lines) + 2:
            return None
        if not (_TOKEN.fullmatch(parts[0]) and _TARGET.fullmatch(parts[1])):
            return None
        headers = [header for line in lines if (header := _header(line))]
        named = dict(headers)
        length = named.get(b"content-length", b"0")
        framed = sum(name == b"content-length" for name, _ in headers)
        if len(headers) < len(lines) or not length.isdigit() or framed > 1 or b"\0" in raw:
            return None
        if not _NOT_PLAIN.isdisjoint(named) or b"host" not in named:
            return None
        waits = named.get(b"expect", b"").lower()
        connection = named.get(b"connection", b"keep-alive").lower()
        if waits not in (b"", b"100-continue") or connection not in (b"keep-alive", b"close"):
            return None
        method = parts[0].decode()
        return cls(method, parts[1], headers, int(length), bool(waits), connection == b"close")


def _header(line: bytes) -> tuple[bytes, bytes] | None:
    name, colon, value = line.partition(b":")
    return (name.lower(), value.strip(b" \t")) if colon and _TOKEN.fullmatch(name) else None


class PlainHttp:
    """Takes the place of hypercorn's class for connections, whose arguments it is called with."""

    def __init__(self, original: Callable[..., Awaitable[None]]) -> None:
        self._original = original
        self._idle: set[asyncio.StreamWriter] = set()
        self._end: asyncio.Task[None] | None = None
        self._terminated: Any = None

    async def __call__(
        self,
        app: Any,
        loop: Any,
        config: Any,
        context: Any,
        state: Any,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if self._end is None:
            self._terminated = context.terminated
            self._end = loop.create_task(self._drop_idle())
        try:
            is_served = await self._serve(app.app, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            # The client went away.
            is_served = True
        if is_served:
            writer.close()
        else:
            await self._original(app, loop, config, context, state, reader, writer)

    async def _serve(
        self, app: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """False as soon as a request comes that is not plain: nothing of it is taken."""
        while raw := await self._next_head(reader, writer):
            head = Head.read(raw)
            if head is None:
                put_back(reader, raw)
                return False
            if not await Exchange(app, reader, writer, head).carry_out():
                return True
        return raw is not None

    async def _next_head(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """The bytes up to the next empty line; none at the end; None where there are too many."""
        if self._terminated.is_set():
            return b""
        self._idle.add(writer)
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return None
        except asyncio.IncompleteReadError as exc:
            if exc.partial:
                put_back(reader, exc.partial)
                return None
            return b""
        finally:
            self._idle.discard(writer)

    async def _drop_idle(self) -> None:
        """The server ends: what is being answered is, and nothing else is waited for."""
        await self._terminated.wait()
        for writer in self._idle:
            writer.close()


def put_back(reader: asyncio.StreamReader, raw: bytes) -> None:
    """Have a reader read bytes again."""
    reader._buffer[:0] = raw  # type: ignore[attr-defined]


class Exchange:
    """One request of a connection, and its answer."""

    def __init__(
        self, app: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head
    ) -> None:
        self._app = app
        self._reader = reader
        self._writer = writer
        self._head = head
        self._body: bytes | None = None
        self._start: Message = {}
        self._is_chunked: bool | None = None
        self._is_answered = False

    async def carry_out(self) -> bool:
        """Whether another request may follow. Raises ConnectionError, IncompleteReadError."""
        if self._head.waits:
            self._writer.write(_GO_ON)
        self._body = await self._reader.readexactly(self._head.length)
        try:
            # In a task of its own, so that what it notes about its request ends with it.
            await asyncio.get_running_loop().create_task(
                self._app(self._scope(), self._receive, self._send)
            )
        except ConnectionError:
            raise
        except Exception:
            # The last resort: a request that fails must not end the server.
            _log.exception("%s %r failed", self._head.method, self._head.target)
        if not self._is_answered and self._is_chunked is None:
            self._writer.write(_FAILED)
        await self._writer.drain()
        return self._is_answered and not self._head.is_last and not self._writer.is_closing()

    def _scope(self) -> dict[str, Any]:
        path, _, query = self._head.target.partition(b"?")
        return {
            "type": "http",
            "http_version": "1.1",
            "asgi": {"spec_version": "2.1", "version": "3.0"},
            "method": self._head.method,
            "scheme": "http",
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self._head.headers,
            "client": self._writer.get_extra_info("peername")[:2],
            "server": self._writer.get_extra_info("sockname")[:2],
            "state": {},
            "extensions": {},
        }

    async def _receive(self) -> Message:
        """The whole body; then, when the client is gone, that it is."""
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        while not (self._reader.at_eof() or self._writer.is_closing() or self._is_answered):
            await asyncio.sleep(_LOOKS_EVERY_S)
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._is_answered:
            raise RuntimeError("the answer has ended")
        body, more = bytes(message.get("body", b"")), bool(message.get("more_body", False))
        self._writer.write(self._framed(body, more))
        self._is_answered = not more
        if more:
            await self._writer.drain()

    def _framed(self, body: bytes, more: bool) -> bytes:
        """The bytes for a piece of the answer, with its head before the first."""
        head = b""
        if self._is_chunked is None:
            named = {name.lower() for name, _ in self._start["headers"]}
            bare = self._head.method == "HEAD" or self._start["status"] in _WITHOUT_BODY
            unknown = not bare and b"content-length" not in named
            length = [(b"content-length", b"%d" % len(body))] if unknown and not more else []
            chunked = [(b"transfer-encoding", b"chunked")] if unknown and more else []
            head = _head_bytes(self._start["status"], [*self._start["headers"], *length, *chunked])
            self._is_chunked = bool(chunked)
        if self._head.method == "HEAD" or self._start["status"] in _WITHOUT_BODY:
            return head
        if not self._is_chunked:
            return head + body
        end = b"" if more else b"0\r\n\r\n"
        return head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + end


def _head_bytes(status: int, headers: Headers) -> bytes:
    """Raises ValueError for a header that would be two."""
    lines = [b"%b: %b\r\n" % (name.strip(), value.strip()) for name, value in headers]
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
        raise ValueError("a header of an answer has more than one line")
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, _REASONS.get(status, b""), head)
