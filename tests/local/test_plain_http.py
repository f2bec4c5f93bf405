"""Plain requests are read and answered by ourselves; all others are hypercorn's, whole."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.aws import LocalAws
from local.emulator.plain_http import Head, PlainHttp

App = Callable[[Any, Any, Any], Awaitable[None]]
HOST = b"host: a\r\n"
_SEEN: ContextVar[str] = ContextVar("seen", default="nothing")


def talk(app: App, *sent: bytes, until_closed: bool = True) -> bytes:
    """What a client reads that sends these pieces and then no more."""

    async def hypercorn(*arguments: Any) -> None:
        reader, writer = arguments[-2:]
        writer.write(b"hypercorn has " + await reader.read())
        writer.close()

    async def main() -> bytes:
        serve = PlainHttp(hypercorn)
        terminated = asyncio.Event()
        server = await asyncio.start_server(
            lambda reader, writer: serve(
                SimpleNamespace(app=app),
                asyncio.get_running_loop(),
                None,
                SimpleNamespace(terminated=terminated),
                None,
                reader,
                writer,
            ),
            "127.0.0.1",
            0,
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in sent:
            writer.write(piece)
            await asyncio.sleep(0.01)
        if until_closed:
            writer.write_eof()
        else:
            terminated.set()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        server.close()
        terminated.set()
        return answer

    return asyncio.run(main())


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Say what was asked."""
    body = (await receive())["body"]
    said = b"%b %b?%b %b" % (scope["method"].encode(), scope["path"].encode(),
                             scope["query_string"], body)  # fmt: skip
    length = (b"Content-Length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


def test_requests_of_a_connection_are_answered_in_their_order() -> None:
    first = b"POST /a%20b?c=d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx"
    second = b"yzGET /e HTTP/1.1\r\nhost:a\r\n\r\n"

    answer = talk(echo, first, second)

    assert answer == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nPOST /a b?c=d xyz"
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /e? "
    )


def test_a_body_is_asked_for_when_its_sender_waits_for_that() -> None:
    head = b"PUT / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"

    answer = talk(echo, head, b"x")

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n" + HOST,
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n",
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n",
        b"PUT / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n",
        b"PUT / HTTP/1.1\r\n" + HOST + b"Expect: more\r\n",
        b"GET / HTTP/1.1\r\n",
        b"GET http://a/ HTTP/1.1\r\n" + HOST,
        b"GET /\xc3\xa4 HTTP/1.1\r\n" + HOST,
        b"GET  / HTTP/1.1\r\n" + HOST,
        b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n folded\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"a: b\nc: d\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"a : b\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"a: \0\r\n",
        b"PRI * HTTP/2.0\r\n",
    ],
)
def test_what_is_not_plain_is_hypercorns_with_all_that_follows(request_: bytes) -> None:
    plain = b"GET /e HTTP/1.1\r\n" + HOST + b"\r\n"

    answer = talk(echo, plain + request_ + b"\r\nrest")

    assert answer.endswith(b"GET /e? hypercorn has " + request_ + b"\r\nrest")


def test_heads_that_are_cut_off_or_too_long_are_hypercorns() -> None:
    long = b"GET / HTTP/1.1\r\na: " + b"x" * 70_000

    assert talk(echo, b"GET / HT") == b"hypercorn has GET / HT"
    assert talk(echo, long) == b"hypercorn has " + long


def test_connection_ends_when_its_client_says_so_or_leaves() -> None:
    last = b"GET /e HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
    cut = b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n" + HOST + b"\r\nx"

    assert talk(echo, last + last).count(b"HTTP/1.1") == 1
    assert talk(echo, cut) == b""


def test_idle_connections_end_with_the_server() -> None:
    answer = talk(echo, b"GET /e HTTP/1.1\r\n" + HOST + b"\r\n", until_closed=False)

    assert answer.endswith(b"GET /e? ")


def answering(*messages: dict[str, Any], status: int = 200, headers: Any = ()) -> App:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for message in messages:
            await send({"type": "http.response.body", **message})

    return app


@pytest.mark.parametrize(
    ("method", "app", "answer"),
    [
        (b"GET", answering({"body": b"ab"}), b"200 OK\r\ncontent-length: 2\r\n\r\nab"),
        (
            b"GET",
            answering({"body": b"ab", "more_body": True}, {"more_body": True}, {"body": b"c"}),
            b"200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        ),
        (
            b"GET",
            answering(
                {"body": b"a", "more_body": True},
                {"body": b"b"},
                headers=[(b"Content-Length", b"2")],
            ),
            b"200 OK\r\nContent-Length: 2\r\n\r\nab",
        ),
        (
            b"HEAD",
            answering({"body": b"ab"}, headers=[(b"content-length", b"9")]),
            b"200 OK\r\ncontent-length: 9\r\n\r\n",
        ),
        (b"DELETE", answering({"body": b""}, status=204), b"204 No Content\r\n\r\n"),
        (b"GET", answering({"body": b""}, status=304), b"304 Not Modified\r\n\r\n"),
    ],
)  # fmt: skip
def test_answers_are_framed_so_that_their_end_is_known(
    method: bytes, app: App, answer: bytes
) -> None:
    assert talk(app, method + b" / HTTP/1.1\r\n" + HOST + b"\r\n") == b"HTTP/1.1 " + answer


async def silent(*_: Any) -> None:
    return


async def failing(*_: Any) -> None:
    raise ValueError("no")


@pytest.mark.parametrize("app", [silent, failing, answering({}, headers=[(b"a", b"b\r\nc: d")])])
def test_500_is_answered_when_there_is_no_answer(app: App) -> None:
    answer = talk(app, (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 2)

    assert (
        answer
        == b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )


def test_a_request_sees_nothing_of_what_the_one_before_noted() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen = _SEEN.get()
        _SEEN.set("something")
        await answering({"body": seen.encode()})(scope, receive, send)

    answer = talk(app, (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 2)

    assert answer.count(b"nothing") == 2


def test_an_answer_that_goes_on_hears_that_its_client_left() -> None:
    heard: list[str] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        heard.append((await receive())["type"])
        await send({"type": "http.response.body"})

    talk(app, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")

    assert heard == ["http.disconnect"]


def test_a_head_is_read_with_its_names_in_small_letters() -> None:
    head = Head.read(b"GET /a HTTP/1.1\r\nHost:  b \r\nX-Y: \r\n\r\n")

    assert head is not None
    assert head.headers == [(b"host", b"b"), (b"x-y", b"")]


@pytest.fixture
def connection(aws: LocalAws) -> Iterator[socket.socket]:
    where = urlsplit(aws.endpoint_url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as made:
        yield made


def test_ministack_answers_both_kinds_of_requests_of_one_connection(
    connection: socket.socket,
) -> None:
    """Health is asked plainly, then with a chunked body."""
    connection.sendall(b"GET /_ministack/health HTTP/1.1\r\n" + HOST + b"\r\n")
    plain = connection.recv(65_536)
    chunked = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    connection.sendall(b"GET /_ministack/health HTTP/1.1\r\n" + HOST + chunked)
    other = b""
    while piece := connection.recv(65_536):
        other += piece

    assert plain.startswith(b"HTTP/1.1 200 OK\r\n")
    # In one piece, where hypercorn writes the head by itself.
    assert plain.endswith(b"}")
    assert other.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.endswith(b"}")
