"""Lambda's Runtime API in this process: hands out one event, and keeps what is answered."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import h11

Headers = dict[str, str]


@dataclass
class LocalRuntimeApi:
    """`pieces` is the body as it came, `trailers` what followed it. `stops_reading`: after so many
    pieces the connection is closed, as when a client leaves.
    """

    event: bytes = b"{}"
    stops_reading: int | None = None
    pieces: list[bytes] = field(default_factory=list)
    headers: Headers = field(default_factory=dict)
    trailers: Headers = field(default_factory=dict)
    errors: list[tuple[str, bytes]] = field(default_factory=list)
    address: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    # Whether it says that the client left, which AWS does not.
    says_so: bool = True
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> "LocalRuntimeApi":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.left.set()
        self._server.close()

    @property
    def body(self) -> bytes:
        """All pieces."""
        return b"".join(self.pieces)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        request, body = await _event(http, reader), b""
        path = request.target.decode()
        if path.endswith("/left"):
            await self._say_left(http, writer)
            return
        if path.endswith("/response"):
            self.headers = {k.decode(): v.decode() for k, v in request.headers}
            if not await self._read_answer(http, reader):
                writer.close()
                return
        else:
            while isinstance(event := await _event(http, reader), h11.Data):
                body += event.data
        if "/error" in path:
            self.errors.append((path, body))
        answer = self.event if path.endswith("/next") else b"{}"
        headers = [("Lambda-Runtime-Aws-Request-Id", "r-1"), ("Content-Length", str(len(answer)))]
        for part in (
            h11.Response(status_code=200 if path.endswith("/next") else 202, headers=headers),
            h11.Data(data=answer),
            h11.EndOfMessage(),
        ):
            writer.write(http.send(part) or b"")
        await writer.drain()
        writer.close()

    async def _say_left(self, http: h11.Connection, writer: asyncio.StreamWriter) -> None:
        if self.says_so:
            await self.left.wait()
        response = h11.Response(status_code=204 if self.says_so else 404, headers=[])
        for part in (response, h11.EndOfMessage()):
            writer.write(http.send(part) or b"")
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def _read_answer(self, http: h11.Connection, reader: asyncio.StreamReader) -> bool:
        while isinstance(event := await _event(http, reader), h11.Data):
            self.pieces.append(bytes(event.data))
            self.came.set()
            if self.stops_reading is not None and len(self.pieces) >= self.stops_reading:
                self.left.set()
                return False
        self.trailers = {k.decode(): v.decode() for k, v in event.headers}
        return True


async def _event(http: h11.Connection, reader: asyncio.StreamReader) -> Any:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await reader.read(65_536))
    return event
