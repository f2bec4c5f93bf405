"""The SDK over the real functions in this process, without a network."""

import asyncio
import io
from collections.abc import Callable, Iterator
from threading import Thread

import httpx
import pytest
from evalyard import Evalyard
from werkzeug.serving import WSGIRequestHandler, make_server

from shared.aws import Bucket, Queue, Table
from tests.kit.receiver import POLL_S
from tests.kit.whole_api import WholeApi
from tests.kit.yard import Yard
from tools.template import Template

TOKEN, READING = "eyt_ada", "eyt_reading"
IDENTITY = {
    "kind": "user",
    "user_id": "ada",
    "tenant": "ada",
    "admin": "false",
    "token_id": "tok_test",
    "scope": "full",
}


class InProcess(httpx.BaseTransport):
    """Carries requests to the API's functions; `requests` are those that were sent."""

    def __init__(self, api: WholeApi) -> None:
        self._api = api
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = request.read()
        environ = {
            "RAW_URI": request.url.raw_path.decode(),
            "REQUEST_METHOD": request.method,
            "wsgi.input": io.BytesIO(body),
            **{f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items()},
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            started.append((int(status.split()[0]), headers))

        content = b"".join(self._api(environ, start))
        status, headers = started[0]
        return httpx.Response(status, headers=headers, content=content)


@pytest.fixture
def yard(
    api: Callable,
    tables: dict[str, Table],
    bucket: Bucket,
    queues: dict[str, Queue],
) -> Yard:
    made = Yard(api, tables, bucket, queues)
    made.add("dev-1")
    return made


@pytest.fixture
def transport(yard: Yard, template: Template) -> InProcess:
    root = yard.api("accounts", user="root", admin=True)
    assert root.post("/accounts/users", json={"user_id": "ada"}).status == 201
    listed = yard.api("accounts", user="ada").get("/accounts/tokens").json()["data"]
    identity = {**IDENTITY, "token_id": listed[0]["token_id"]}
    return InProcess(WholeApi(template, {TOKEN: identity, READING: {**identity, "scope": "read"}}))


class Running(Evalyard):
    """A deployment whose device runs each job as soon as something is asked."""

    def __init__(self, yard: Yard, transport: InProcess) -> None:
        super().__init__("https://api.example.com", TOKEN, transport=transport)
        self._yard = yard
        # How the device answers; None: it does not.
        self.complete = yard.complete

    def walk(self, steps):
        queued = self._yard.user().get("/api/jobs?status=queued").json()["data"]
        for job in queued if self.complete else ():
            attempt = self._yard.claim(job["job_id"])
            self.complete(job["job_id"], attempt, output=job["prompt_preview"])
        return super().walk(steps)


@pytest.fixture
def running(yard: Yard, transport: InProcess) -> Running:
    yard.report(models=["m"])
    return Running(yard, transport)


@pytest.fixture
def ev(transport: InProcess) -> Evalyard:
    return Evalyard("https://api.example.com", TOKEN, transport=transport)


class _Quiet(WSGIRequestHandler):
    def log(self, *args) -> None:
        pass


@pytest.fixture
def url(transport: InProcess) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, transport._api, request_handler=_Quiet)

    def serve() -> None:
        # Mangum asks for the loop of its thread, which only the main one has of itself.
        with asyncio.Runner() as runner:
            asyncio.set_event_loop(runner.get_loop())
            server.serve_forever(POLL_S)

    thread = Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
