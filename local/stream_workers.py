"""A process of a function that streams, and the Runtime API that it is served by.

What Lambda is to a runtime of one's own: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
Each process has a Runtime API to itself, and one call at a time.
"""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11

from local.ports import HOST

_READ_BYTES = 65_536
_SEPARATOR = b"\x00" * 8
_ENDS_WITHIN_S = 5.0
# As long as an event of CloudWatch Logs may be.
_LONGEST_LINE_BYTES = 2**20


class CallFailedError(Exception):
    """The function did not answer, or broke off."""


class NotTakenError(CallFailedError):
    """The process was gone before it took the event."""


@dataclass(frozen=True)
class Prelude:
    """Status and headers of a streamed answer."""

    status: int
    headers: Mapping[str, str]


class _Call:
    """One call: its event, and what the function says to it, piece by piece; None is the end."""

    def __init__(self, event: bytes) -> None:
        self.request_id = str(uuid.uuid4())
        self.event = event
        self.said: asyncio.Queue[bytes | CallFailedError | None] = asyncio.Queue()
        self.given_up = asyncio.Event()
        self.taken = False


class Worker:
    """A process of a function. `command` starts it in a folder; it writes its log lines to
    `printed`.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._command, self._environment = list(command), dict(environment)
        self._folder = folder
        self._waiting: asyncio.Queue[_Call] = asyncio.Queue(1)
        self._process: asyncio.subprocess.Process | None = None
        self._server: asyncio.Server | None = None
        self._calls: dict[str, _Call] = {}
        self._given_up: str | None = None
        self._serving: set[asyncio.Task[Any]] = set()
        self.idle_since = 0.0
        # Whether it is not done with a call yet, as it may be for a while after the client left.
        self.busy = False

    @property
    def ended(self) -> bool:
        """Whether the process is gone, also where the event loop has not noticed yet."""
        process = self._process
        return process is None or process.returncode is not None or _has_ended(process.pid)

    async def printed(self) -> AsyncGenerator[str, None]:
        """Its log lines, to its end: a process whose lines are not read stops at the next one."""
        assert self._process is not None
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                # One that is longer than the reader holds comes without its beginning.
                continue
            if not line:
                return
            yield line.decode(errors="replace").rstrip()

    async def start(self) -> None:
        """Serve a Runtime API, and start the process that asks it for work."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        port = self._server.sockets[0].getsockname()[1]
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env={**self._environment, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{port}"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE_BYTES,
            start_new_session=True,
        )

    async def call(self, event: bytes) -> AsyncGenerator[Prelude | bytes, None]:
        """The answer to one event: a `Prelude`, then its pieces. A reader that stops gives it up:
        the function's connection breaks. Raises CallFailedError, NotTakenError.
        """
        call = _Call(event)
        self._calls[call.request_id] = call
        self.busy = True
        self._waiting.put_nowait(call)
        try:
            head = b""
            while _SEPARATOR not in head:
                head += await self._next_piece(call) or _short()
            prelude, _, rest = head.partition(_SEPARATOR)
            said = json.loads(prelude)
            yield Prelude(said["statusCode"], said.get("headers", {}))
            if rest:
                yield rest
            while (piece := await self._next_piece(call)) is not None:
                yield piece
            self.busy = False
        finally:
            self._given_up = call.request_id
            call.given_up.set()

    async def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _ENDS_WITHIN_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()

    async def _next_piece(self, call: _Call) -> bytes | None:
        """What comes next; a process that ends says nothing more."""
        assert self._process is not None
        said = asyncio.ensure_future(call.said.get())
        died = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({said, died}, return_when=asyncio.FIRST_COMPLETED)
            if not said.done():
                failure = CallFailedError if call.taken else NotTakenError
                raise failure("the function's process ended")
            found = said.result()
        finally:
            for each in (said, died):
                each.cancel()
        if isinstance(found, CallFailedError):
            raise found
        return found

    # ------------------------------------------------------------------------------- Runtime API

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            request = await _event(http, reader)
            if isinstance(request, h11.Request):
                await self._answer(request, http, reader, writer)
        except (ConnectionError, h11.ProtocolError, asyncio.CancelledError):
            return
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(
        self,
        request: h11.Request,
        http: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        path = request.target.decode()
        if path.endswith("/invocation/next"):
            self.busy = False
            call = await self._waiting.get()
            self.busy = True
            if reader.at_eof():
                call.said.put_nowait(NotTakenError("the function's process ended"))
                return
            call.taken = True
            headers = [("Lambda-Runtime-Aws-Request-Id", call.request_id)]
            _send(http, writer, 200, headers, call.event)
        elif path.endswith("/left"):
            await self._until_given_up(path)
            _send(http, writer, 204, [], b"")
        elif path.endswith("/response"):
            call = self._called(path)
            try:
                await self._take_response(call, http, reader)
            finally:
                self._calls.pop(call.request_id, None)
            _send(http, writer, 202, [], b"{}")
        else:
            for call in self._failed(path):
                call.said.put_nowait(CallFailedError("the function failed"))
            _send(http, writer, 202, [], b"{}")
        await writer.drain()

    async def _until_given_up(self, path: str) -> None:
        """Also of a call whose client left before the function could ask. Raises ConnectionError
        for one that is over.
        """
        if path.split("/")[-2] != self._given_up:
            await self._called(path).given_up.wait()

    def _called(self, path: str) -> _Call:
        """The call that a path names. Raises ConnectionError for one that is over."""
        call = self._calls.get(path.split("/")[-2])
        if call is None:
            raise ConnectionError("there is no such call")
        return call

    def _failed(self, path: str) -> list[_Call]:
        """The call that a path names; all of them where the function cannot even start."""
        named = self._calls.pop(path.split("/")[-2], None)
        return [named] if named is not None else list(self._calls.values())

    async def _take_response(
        self, call: _Call, http: h11.Connection, reader: asyncio.StreamReader
    ) -> None:
        """Hand each piece on as it comes. Raises ConnectionError when no one reads it any more."""
        while True:
            coming = asyncio.ensure_future(_event(http, reader))
            given_up = asyncio.ensure_future(call.given_up.wait())
            await asyncio.wait({coming, given_up}, return_when=asyncio.FIRST_COMPLETED)
            given_up.cancel()
            if not coming.done():
                coming.cancel()
                raise ConnectionError("no one reads the answer")
            event = coming.result()
            if isinstance(event, h11.Data):
                call.said.put_nowait(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                broken = dict(event.headers).get(b"lambda-runtime-function-error-type")
                call.said.put_nowait(CallFailedError("broke off") if broken else None)
                return


def _has_ended(pid: int) -> bool:
    """Looks without taking the exit status, which is the event loop's to take."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _short() -> bytes:
    raise CallFailedError("the function ended its answer before it began")


async def _event(http: h11.Connection, reader: asyncio.StreamReader) -> Any:
    while (event := http.next_event()) is h11.NEED_DATA:
        data = await reader.read(_READ_BYTES)
        http.receive_data(data)
        if not data:
            raise ConnectionError("the function's side closed")
    return event


def _send(
    http: h11.Connection,
    writer: asyncio.StreamWriter,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
) -> None:
    length = [("Content-Length", str(len(body)))] if body else []
    response = h11.Response(status_code=status, headers=[*headers, *length])
    for event in (response, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()):
        writer.write(http.send(event) or b"")
