"""The calls of Lambda's Runtime API, in as much HTTP as it speaks
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

A connection for each call: the API lives in the same machine.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

_VERSION: Final = "/2018-06-01"
_LONGEST_HEAD: Final = 64 * 1024


class RuntimeApiError(OSError):
    """The Runtime API did not answer as it should."""


@dataclass(frozen=True)
class Invocation:
    """One call of the function: its id and its event as JSON."""

    request_id: str
    event: bytes


@dataclass(frozen=True)
class Reply:
    """What the Runtime API answered; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class RuntimeApi:
    """The Runtime API at `host:port`."""

    address: str

    async def next(self) -> Invocation:
        """Wait for a call. Raises RuntimeApiError."""
        reply = await self._call("GET", "/runtime/invocation/next")
        if reply.status != 200:
            raise RuntimeApiError(f"the next invocation: {reply.status}")
        return Invocation(reply.headers["lambda-runtime-aws-request-id"], reply.body)

    async def until_left(self, request_id: str) -> bool:
        """Wait until no one reads the answer any more; False at once where that is not said. AWS
        does not say it and knows no such path, a local cloud does.
        """
        reply = await self._call("GET", f"/runtime/invocation/{request_id}/left")
        return reply.status == 204

    async def fail(self, request_id: str, kind: str, message: str) -> None:
        """End a call of which nothing was answered."""
        await self._fail(f"/runtime/invocation/{request_id}/error", kind, message)

    async def fail_to_start(self, kind: str, message: str) -> None:
        """Say that the function cannot be served."""
        await self._fail("/runtime/init/error", kind, message)

    async def open_response(self, request_id: str) -> "Upload":
        """Begin the streamed answer of a call."""
        reader, writer = await self._connect()
        writer.write(
            self._head(
                "POST",
                f"/runtime/invocation/{request_id}/response",
                {
                    "Lambda-Runtime-Function-Response-Mode": "streaming",
                    "Transfer-Encoding": "chunked",
                    "Content-Type": "application/vnd.awslambda.http-integration-response",
                    "Trailer": "Lambda-Runtime-Function-Error-Type, "
                    "Lambda-Runtime-Function-Error-Body",
                },
            )
        )
        return Upload(reader, writer)

    async def _fail(self, path: str, kind: str, message: str) -> None:
        body = {"errorType": kind, "errorMessage": message, "stackTrace": []}
        headers = {"Lambda-Runtime-Function-Error-Type": kind, "Content-Type": "application/json"}
        await self._call("POST", path, headers, msgspec.json.encode(body))

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        reader, writer = await self._connect()
        try:
            length = {"Content-Length": str(len(body))} if method == "POST" else {}
            writer.write(self._head(method, path, {**(headers or {}), **length}) + body)
            return await read_reply(reader)
        finally:
            writer.close()

    def _head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {_VERSION}{path} HTTP/1.1", f"Host: {self.address}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self.address.partition(":")
        return await asyncio.open_connection(host, int(port or 80), limit=_LONGEST_HEAD)


@dataclass(frozen=True)
class Upload:
    """A streamed answer on its way, in chunks."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """One chunk, at once. Raises OSError when the other side went away."""
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def end(self, trailers: Mapping[str, str] | None = None) -> None:
        """The last chunk; with trailers that say what went wrong. Raises OSError."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (trailers or {}).items())
        self.writer.write(f"0\r\n{lines}\r\n".encode())
        await self.writer.drain()
        await read_reply(self.reader)

    def close(self) -> None:
        """Let go of the connection."""
        self.writer.close()


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """An answer whose length is declared, chunked, or up to the connection's end. Raises
    RuntimeApiError.
    """
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.rstrip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return Reply(int(status.split()[1]), headers, await _read_body(reader, headers))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError) as exc:
        raise RuntimeApiError(f"no answer: {type(exc).__name__}") from exc


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = bytearray()
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        return bytes(body)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
