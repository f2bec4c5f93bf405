"""Functions that stream, run as Lambda would, behind the one port."""

import asyncio
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local.aws import LocalAws
from local.front_port import FrontPort
from local.home import Home
from local.ports import free_port
from local.stack import Stack
from local.stream_host import Said, StreamHost
from local.stream_routes import StreamRoute, read_stream_routes
from local.stream_workers import CallFailedError, Worker
from shared.lambda_stream.runtime_api import RuntimeApi, RuntimeApiError
from tests.kit.loops import finish
from tools.template import ROOT
from tools.transformed import read_source, transformed

HANDLER = """
import asyncio, json, pathlib

async def prepare():
    pass

async def lambda_handler(event, answer):
    path, folder = event["path"], pathlib.Path(FOLDER)
    if path == "/ask/fails":
        raise RuntimeError("no")
    await answer.begin(201, {"X-Name": event["headers"].get("X-Name", ""), "Content-Length": "9"})
    if path == "/ask/event":
        await answer.write(json.dumps(event).encode())
        return
    await answer.write(b"one ")
    if path == "/ask/breaks":
        raise RuntimeError("no")
    while not (folder / "go").exists() and not answer.gone.is_set():
        await asyncio.sleep(0.01)
    if answer.gone.is_set():
        (folder / "gone").touch()
    await answer.write(b"two")
"""


class OneFunction:
    """A host of one function, in the place of those of a deployed stack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker: Worker | None = None
        (folder / "streaming.py").write_text(HANDLER.replace("FOLDER", repr(str(folder))))

    async def route(self, target: bytes) -> StreamRoute | None:
        route = StreamRoute("/ask/{proxy+}", "Gateway")
        return route if route.fits(target.decode().partition("?")[0]) else None

    async def call(self, _: str, event: dict[str, Any]) -> Said:
        worker = await self._started()
        async with aclosing(worker.call(json.dumps(event).encode())) as answer:
            async for said in answer:
                yield said

    async def stop(self) -> None:
        if self._worker is not None:
            await self._worker.stop()

    async def _started(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(*how_to_run(self._folder), self._folder)
            await self._worker.start()
        return self._worker


def how_to_run(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the function above, in a folder."""
    paths = os.pathsep.join((str(ROOT), str(folder)))
    environment = {"PYTHONPATH": paths, "_HANDLER": "streaming.lambda_handler"}
    environment |= {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    return [str(ROOT / "shared" / "stream_runtime"), sys.executable], environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streaming")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """A front port before a function that streams."""
    front = FrontPort(free_port(), free_port(), "api", OneFunction(folder))  # type: ignore[arg-type]
    front.start()
    yield front.port
    front.stop()


@pytest.fixture(autouse=True)
def clean(folder: Path) -> None:
    for name in ("go", "gone"):
        (folder / name).unlink(missing_ok=True)


Connect = Callable[[], http.client.HTTPConnection]


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Connections that are closed when the test is over."""
    with ExitStack() as open_ones:

        def made() -> http.client.HTTPConnection:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            return open_ones.enter_context(closing(client))

        yield made


def test_piece_arrives_while_the_rest_is_still_made(connect: Connect, folder: Path) -> None:
    client = connect()
    client.request("POST", "/ask/words", b"{}", {"X-Name": "ada"})
    answer = client.getresponse()

    first = answer.read1(100)
    (folder / "go").touch()

    assert (answer.status, answer.headers["X-Name"], first) == (201, "ada", b"one ")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.read() == b"two"


def test_connection_serves_the_next_request_when_a_stream_is_over(
    connect: Connect, folder: Path
) -> None:
    (folder / "go").touch()
    client = connect()

    for _ in range(2):
        client.request("POST", "/ask/words", b"{}")
        assert client.getresponse().read() == b"one two"


def test_head_of_an_answer_alone_returns_when_it_is_asked_for(
    connect: Connect, folder: Path
) -> None:
    (folder / "go").touch()
    client = connect()

    for method, body in (("HEAD", b""), ("POST", b"one two")):
        client.request(method, "/ask/words")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (201, body)


def test_function_notices_when_the_client_leaves(connect: Connect, folder: Path) -> None:
    client = connect()
    client.request("POST", "/ask/words", b"{}")
    assert client.getresponse().read1(100) == b"one "

    client.close()

    deadline = time.monotonic() + 20
    while not (folder / "gone").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_event_is_as_a_rest_api_writes_it(connect: Connect) -> None:
    client = connect()
    client.request("POST", "/ask/event?a=1&b=%C3%A4", b'{"x": "\xc3\xa4"}', {"X-Name": "ada"})

    event = json.loads(client.getresponse().read())

    assert (event["httpMethod"], event["path"], event["resource"]) == (
        "POST",
        "/ask/event",
        "/ask/{proxy+}",
    )
    assert event["queryStringParameters"] == {"a": "1", "b": "ä"}
    assert event["isBase64Encoded"] is True
    assert event["headers"]["X-Name"] == "ada"


def test_502_when_the_function_fails_before_it_answers(connect: Connect) -> None:
    client = connect()
    client.request("POST", "/ask/fails", b"{}")

    answer = client.getresponse()

    assert (answer.status, json.loads(answer.read())) == (502, {"message": "Internal server error"})


def test_answer_is_cut_short_when_the_function_fails_in_its_middle(connect: Connect) -> None:
    client = connect()
    client.request("POST", "/ask/breaks", b"{}")
    answer = client.getresponse()

    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_next_call_is_served_when_one_failed(connect: Connect, folder: Path) -> None:
    (folder / "go").touch()
    for path in ("/ask/fails", "/ask/words"):
        client = connect()
        client.request("POST", path, b"{}")
        body = client.getresponse().read()

    assert body == b"one two"


def test_requests_behind_one_another_are_answered_in_turn(port: int, folder: Path) -> None:
    (folder / "go").touch()
    request = b"POST /ask/words HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
        raw.sendall(request * 2)
        heard = b""
        with suppress(TimeoutError):
            while heard.count(b"0\r\n\r\n") < 2:
                heard += raw.recv(65_536)

    assert heard.count(b"HTTP/1.1 201") == 2


class OneHandler(StreamHost):
    """A host of the function above, which needs no local AWS."""

    def _made(self, _: str) -> Worker:
        return Worker(*how_to_run(self._home.root), self._home.root)


def host_of(folder: Path) -> OneHandler:
    """Its function waits for the file `go`."""
    home = Home(folder)
    home.log("output").parent.mkdir(parents=True)
    (folder / "streaming.py").write_text(HANDLER.replace("FOLDER", repr(str(folder))))
    stack = deployed("/ask")
    return OneHandler(LocalAws("http://127.0.0.1:1"), home, stack, lambda: stack)


async def answered(host: StreamHost) -> bytes:
    """The whole body of an answer."""
    said = [each async for each in host.call("Gateway", {"path": "/ask", "headers": {}})]
    return b"".join(each for each in said if isinstance(each, bytes))


def test_new_paths_are_known_when_the_local_aws_did_not_answer_at_first(tmp_path: Path) -> None:
    """As while it is started again; what was known holds until then."""
    stacks: list[Stack | Exception] = [
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ClientError({"Error": {"Code": "503"}}, "GetTemplate"),
        deployed("/tell"),
    ]

    def read() -> Stack:
        found = stacks.pop(0)
        if isinstance(found, Stack):
            return found
        raise found

    home = Home(tmp_path)
    host = StreamHost(LocalAws("http://127.0.0.1:1"), home, deployed("/ask"), read)
    home.deployed.write_text("another")

    async def all_of_it() -> list[list[bool]]:
        paths = (b"/ask", b"/tell")
        return [[await host.route(path) is not None for path in paths] for _ in range(2)]

    # The first round asks twice, the second once.
    assert finish(all_of_it()) == [[True, False], [False, True]]


def test_call_fails_when_the_local_aws_does_not_say_how_its_function_runs(tmp_path: Path) -> None:
    """Which the front port answers with 502."""
    home = Home(tmp_path)
    home.log("output").parent.mkdir(parents=True)
    stack = Stack(deployed("/ask").template, {"Gateway": "s-gateway"}, {})
    host = StreamHost(LocalAws("http://127.0.0.1:1"), home, stack, lambda: stack)

    with pytest.raises(CallFailedError):
        finish(answered(host))


@pytest.mark.parametrize("noticed", [True, False])
def test_another_process_answers_when_the_one_that_waited_was_killed(
    tmp_path: Path, noticed: bool
) -> None:
    host = host_of(tmp_path)
    (tmp_path / "go").touch()

    async def all_of_it() -> tuple[list[bytes], int]:
        first = await answered(host)
        (worker,) = host._idle["Gateway"]
        process = worker._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        # Gone by now, whether or not the event loop has looked: one that dies a moment later may
        # have taken the event with it.
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        if noticed:
            await process.wait()
        answers = [first, await answered(host)]
        await host.stop()
        await asyncio.sleep(0.1)
        return answers, len(worker._serving)

    assert finish(all_of_it()) == ([b"one two"] * 2, 0)


@pytest.mark.parametrize("is_done", [True, False])
def test_process_takes_calls_again_when_it_is_done_with_one_whose_client_left(
    tmp_path: Path, is_done: bool
) -> None:
    """Until then another takes them, so that no call waits for one that no one reads."""
    host = host_of(tmp_path)

    async def all_of_it() -> tuple[bytes, int]:
        said = host.call("Gateway", {"path": "/ask", "headers": {}})
        while not isinstance(await anext(said), bytes):
            continue
        coming = asyncio.ensure_future(anext(said))
        await asyncio.sleep(0)
        (worker,) = host._all
        assert worker._process is not None
        worker._process.send_signal(signal.SIGSTOP)
        coming.cancel()
        await asyncio.wait({coming})
        if is_done:
            worker._process.send_signal(signal.SIGCONT)
            while worker.busy:
                await asyncio.sleep(0.01)
        (tmp_path / "go").touch()
        found = await answered(host), len(host._all)
        worker._process.send_signal(signal.SIGCONT)
        await host.stop()
        return found

    assert finish(all_of_it()) == (b"one two", 1 if is_done else 2)


def test_function_hears_that_its_client_left_when_it_asks_later(tmp_path: Path) -> None:
    worker = Worker([sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path)

    async def all_of_it() -> bool:
        await worker.start()
        assert worker._server is not None
        api = RuntimeApi(f"127.0.0.1:{worker._server.sockets[0].getsockname()[1]}")
        said = asyncio.ensure_future(anext(worker.call(b"{}")))
        invocation = await api.next()
        said.cancel()
        await asyncio.wait({said})
        upload = await api.open_response(invocation.request_id)
        with suppress(RuntimeApiError):
            await upload.end()
        upload.close()
        left = await api.until_left(invocation.request_id)
        await worker.stop()
        return left

    assert finish(all_of_it())


class OneWorker(StreamHost):
    """A host whose processes need no local AWS."""

    def _made(self, _: str) -> Worker:
        return Worker([sys.executable, "-c", "import time; time.sleep(60)"], {}, self._home.root)


def deployed(*paths: str) -> Stack:
    """A stack with a function that streams at some paths."""
    uri = (
        "arn:aws:apigateway:r:lambda:path/x/functions/${Gateway.Arn}/response-streaming-invocations"
    )
    integration = {"uri": {"Fn::Sub": uri}, "responseTransferMode": "STREAM"}
    operations = {"post": {"x-amazon-apigateway-integration": integration}}
    api = {"Body": {"paths": dict.fromkeys(paths, operations)}}
    resources = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": api}}
    return Stack({"Resources": resources}, {}, {})


def test_paths_are_those_of_the_last_deployment_when_it_changed(tmp_path: Path) -> None:
    home, aws = Home(tmp_path), LocalAws("http://127.0.0.1:1")
    host = OneWorker(aws, home, deployed("/one"), lambda: deployed("/one", "/two"))

    async def routes() -> list[bool]:
        return [await host.route(path) is not None for path in (b"/one", b"/two")]

    before = asyncio.run(routes())
    home.deployed.write_text('{"fingerprint": "another"}')

    assert (before, asyncio.run(routes())) == ([True, False], [True, True])


@pytest.mark.parametrize("what", ["a deployment", "the local AWS"])
def test_idle_processes_end_when_what_they_know_is_outdated(tmp_path: Path, what: str) -> None:
    home = Home(tmp_path)
    stack = deployed("/one")
    host = OneWorker(LocalAws("http://127.0.0.1:1"), home, stack, lambda: stack)
    home.deployed.write_text('{"fingerprint": "one"}')

    async def all_of_it() -> tuple[bool, bool]:
        await host.route(b"/one")
        worker, _ = await host._worker("Gateway")
        host._idle["Gateway"] = [worker]
        alive = not worker.ended
        if what == "a deployment":
            home.deployed.write_text('{"fingerprint": "two"}')
        else:
            host.forget()
        await host.route(b"/one")
        await host.stop()
        return alive, worker.ended

    home.log("output").parent.mkdir(parents=True)
    assert asyncio.run(all_of_it()) == (True, True)
    assert host._idle["Gateway"] == []


def test_process_ends_after_its_call_when_what_it_knows_was_outdated_meanwhile(
    tmp_path: Path,
) -> None:
    home, stack = Home(tmp_path), deployed("/one")
    host = OneWorker(LocalAws("http://127.0.0.1:1"), home, stack, lambda: stack)
    home.deployed.write_text('{"fingerprint": "one"}')
    home.log("output").parent.mkdir(parents=True)

    async def all_of_it() -> tuple[bool, bool]:
        await host.route(b"/one")
        worker, _ = await host._worker("Gateway")
        host.forget()
        await host.route(b"/one")
        host._keep("Gateway", worker)
        another, kept = await host._worker("Gateway")
        await host.stop()
        return worker.ended, another is not worker and not kept

    assert asyncio.run(all_of_it()) == (True, True)


def test_routes_are_the_templates_own() -> None:
    routes = read_stream_routes(transformed(read_source()))

    assert {route.function for route in routes} == {"Gateway"}
    found = {
        path: any(route.fits(path) for route in routes) for path in ("/ask", "/v1/a/b", "/ask_x")
    }
    assert found == {"/ask": True, "/v1/a/b": True, "/ask_x": False}


def test_process_goes_on_when_it_prints_a_line_longer_than_is_held(tmp_path: Path) -> None:
    """Who stops reading stops the process, at the next thing that it prints."""
    script = "print('x' * 3_000_000); print('y' * 200_000); print('last')"

    async def read() -> list[str]:
        worker = Worker([sys.executable, "-c", script], {}, tmp_path)
        await worker.start()
        lines = [line async for line in worker.printed()]
        await worker.stop()
        return lines

    lines = finish(read())

    assert lines[-2:] == ["y" * 200_000, "last"]
